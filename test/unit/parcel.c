#include "unit.h"

#include "codec/parcel.h"

static struct tori_parcel mail(void)
{
    return (struct tori_parcel){.kind = TORI_PARCEL_MAIL,
                                .lang = TORI_EN,
                                .job = {{0, 1, 2, 3}},
                                .at = (tori_time)TORI_UNIT_NOW_S * 1000,
                                .to = TORI_STR("hanako@mail.example"),
                                .subject = TORI_STR("件名"),
                                .text = TORI_STR("一行目\nsecond")};
}

static void a_mail_comes_back(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_parcel sent = mail(), got;
    struct tori_bytes packet;

    assert_ok(cx, tori_parcel_write(cx, &sent, &packet));
    assert_ok(cx, tori_parcel_read(cx, packet, &got));
    assert_int_equal(got.kind, TORI_PARCEL_MAIL);
    assert_int_equal(got.lang, TORI_EN);
    assert_int_equal(got.at, sent.at);
    assert_true(tori_id_eq(&got.job, &sent.job));
    assert_text(got.to, "hanako@mail.example");
    assert_text(got.subject, "件名");
    assert_text(got.text, "一行目\nsecond");
}

static void every_cut_and_every_addition_is_refused(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_parcel sent = mail(), got;
    struct tori_bytes packet;
    uint8_t longer[512];

    assert_ok(cx, tori_parcel_write(cx, &sent, &packet));
    for (size_t n = 0; n < packet.len; n++)
        assert_fails(tori_parcel_read(cx, (struct tori_bytes){packet.at, n}, &got),
                     TORI_ERR_BAD_REQUEST);
    memset(longer, 0, sizeof(longer));
    memcpy(longer, packet.at, packet.len);
    assert_fails(tori_parcel_read(cx, (struct tori_bytes){longer, packet.len + 1}, &got),
                 TORI_ERR_BAD_REQUEST);
}

static void what_cannot_be_sent_is_not_written(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_parcel parcel = mail();
    struct tori_bytes packet;

    parcel.to = TORI_STR("hanako@mail.example>\r\nRCPT TO:<thief@mail.example");
    assert_fails(tori_parcel_write(cx, &parcel, &packet), TORI_ERR_BAD_FIELD);
    parcel.to = TORI_STR("hanako@mail.example> <thief@mail.example");
    assert_fails(tori_parcel_write(cx, &parcel, &packet), TORI_ERR_BAD_FIELD);
    parcel = mail();
    parcel.subject = TORI_STR("a\nBcc: thief@mail.example");
    assert_fails(tori_parcel_write(cx, &parcel, &packet), TORI_ERR_BAD_FIELD);
    parcel = mail();
    parcel.code = TORI_STR("K7QF-M2XD");
    assert_fails(tori_parcel_write(cx, &parcel, &packet), TORI_ERR_BAD_FIELD);
    parcel = mail();
    parcel.text = TORI_STR("");
    assert_fails(tori_parcel_write(cx, &parcel, &packet), TORI_ERR_BAD_FIELD);
}

static void mail_addresses(void **state)
{
    static const char *const good[] = {"a@b", "hanako.mihon+x@mail.example",
                                       "dots..here.@mobile.example", "o'brien@mail.example",
                                       "a@xn--q9jyb4c"};
    static const char *const bad[] = {"",      "a",       "@b",   "a@",    "a@b@c", "a b@c",
                                      "a@b c", "<a@b>",   "a@b>", "a@-b",  "a@b-",  "a@b..c",
                                      "a@.b",  "a@b.",    "-x@b", "a\n@b", "a@b\r", "a,b@c",
                                      "a;b@c", "\"a\"@b", "花@b", "a@花",  "a:b@c", "a\\@b"};
    (void)state;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (!tori_mail_address_ok(tori_str_z(good[i])))
            fail_msg("refused %s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (tori_mail_address_ok(tori_str_z(bad[i])))
            fail_msg("took %s", bad[i]);
}

static void a_result_comes_back(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_parcel_result sent = {.job = {{9, 8}},
                                      .outcome = TORI_PARCEL_PERMANENT,
                                      .step = TORI_PARCEL_AT_RECIPIENT,
                                      .reply = 550,
                                      .enhanced = {5, 1, 1}};
    struct tori_parcel_result got;
    uint8_t packet[TORI_PARCEL_RESULT_SIZE];
    char text[TORI_PARCEL_RESULT_TEXT];

    tori_parcel_result_write(&sent, packet);
    assert_ok(cx, tori_parcel_result_read(cx, TORI_BYTES_OF(packet), &got));
    assert_true(tori_id_eq(&got.job, &sent.job));
    assert_int_equal(got.outcome, TORI_PARCEL_PERMANENT);
    tori_parcel_result_text(&got, text);
    assert_string_equal(text, "recipient 550 5.1.1");
    sent.enhanced[0] = 0;
    tori_parcel_result_text(&sent, text);
    assert_string_equal(text, "recipient 550");
    sent.reply = 0;
    tori_parcel_result_text(&sent, text);
    assert_string_equal(text, "recipient");
}

static void bad_results_are_refused(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_parcel_result sent = {.outcome = TORI_PARCEL_DELIVERED}, got;
    static const struct {
        size_t at;
        uint8_t byte;
    } changes[] = {{0, 'X'},  {1, 'P'},   {2, 2},     {3, 0}, {3, 4}, {4, TORI_PARCEL_STEP_COUNT},
                   {24, 199}, {23, 0x10}, {25, 0x10}, {31, 1}};
    uint8_t packet[TORI_PARCEL_RESULT_SIZE + 1];

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        tori_parcel_result_write(&sent, packet);
        packet[changes[i].at] = changes[i].byte;
        assert_fails(tori_parcel_result_read(cx, (struct tori_bytes){packet, 32}, &got),
                     TORI_ERR_BAD_REQUEST);
    }
    tori_parcel_result_write(&sent, packet);
    assert_fails(tori_parcel_result_read(cx, (struct tori_bytes){packet, 31}, &got),
                 TORI_ERR_BAD_REQUEST);
    assert_fails(tori_parcel_result_read(cx, (struct tori_bytes){packet, 33}, &got),
                 TORI_ERR_BAD_REQUEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(a_mail_comes_back),
        unit(every_cut_and_every_addition_is_refused),
        unit(what_cannot_be_sent_is_not_written),
        unit(mail_addresses),
        unit(a_result_comes_back),
        unit(bad_results_are_refused),
    };
    return tori_unit_run("parcel", tests);
}
