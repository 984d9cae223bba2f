#include "unit.h"

#include "domain/notify/notify.h"

#include "codec/json.h"

static const struct tori_notify_reader reader[TORI_LANG_COUNT] = {
    [TORI_JA] = {TORI_JA, TORI_STR_INIT("みほん証券")},
    [TORI_EN] = {TORI_EN, TORI_STR_INIT("Mihon Securities")},
};

static struct tori_notify_param withdrawal_params[] = {
    {.name = "time", .kind = TORI_NOTIFY_TIME, .number = (tori_time)TORI_UNIT_NOW_S * 1000},
    {.name = "channel", .kind = TORI_NOTIFY_TEXT, .text = TORI_STR_INIT("みほん証券 Web")},
    {.name = "device", .kind = TORI_NOTIFY_TEXT, .text = TORI_STR_INIT("Chrome, Windows")},
    {.name = "amount", .kind = TORI_NOTIFY_MONEY, .text = TORI_STR_INIT("JPY"), .number = 1500000},
    {.name = "payout_account", .kind = TORI_NOTIFY_TAIL, .text = TORI_STR_INIT("567")},
    TORI_NOTIFY_END,
};

static bool has(struct tori_str text, const char *piece)
{
    struct tori_str want = tori_str_z(piece);

    for (size_t i = 0; i + want.len <= text.len; i++)
        if (tori_str_starts((struct tori_str){text.at + i, text.len - i}, want))
            return true;
    return false;
}

static struct tori_message message_of(struct tori_ctx *cx, const char *name, enum tori_lang lang,
                                      const struct tori_notify_param *param)
{
    struct tori_message message;
    struct tori_bytes json;

    assert_ok(cx, tori_notify_params_write(cx, tori_str_z(name), param, &json));
    assert_ok(cx, tori_notify_message(cx, tori_str_z(name), &reader[lang], json, &message));
    return message;
}

/* NOTIFY-03, NOTIFY-07: time with its zone, operation, channel, device. */
static void withdrawal_says_what_happened(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_message ja = message_of(cx, "withdrawal", TORI_JA, withdrawal_params);
    struct tori_message en = message_of(cx, "withdrawal", TORI_EN, withdrawal_params);

    assert_text(ja.subject, "出金受付のお知らせ");
    assert_text(ja.body,
                "出金を受け付けました。\n\n"
                "日時: 2026年11月20日 14:00:00（日本時間）\n操作: 出金\n金額: 1,500,000円\n"
                "出金先口座: 末尾 567\n利用チャネル: みほん証券 Web\n端末: Chrome, Windows");
    assert_text(en.body, "A withdrawal from your account was accepted.\n\n"
                         "Time: 2026-11-20 14:00:00 JST (UTC+09:00)\nOperation: withdrawal\n"
                         "Amount: JPY 1,500,000\nPaid to account: ending in 567\n"
                         "Channel: みほん証券 Web\nDevice: Chrome, Windows");
}

/* NOTIFY-07, NOTIFY-12: how to react, without a link. */
static void mail_says_how_to_react(void **state)
{
    struct tori_ctx *cx = *state;
    static const char *const way[] = {"ブックマークまたは公式アプリからみほん証券を開き",
                                      "Open Mihon Securities from your own bookmark"};

    for (enum tori_lang lang = TORI_JA; lang < TORI_LANG_COUNT; lang++) {
        struct tori_message message = message_of(cx, "withdrawal", lang, withdrawal_params), mail;
        assert_ok(cx, tori_notify_mail(cx, &reader[lang], &message, &mail));
        assert_true(has(mail.body, way[lang]));
        assert_true(has(mail.body, "1,500,000"));
        assert_true(has(mail.subject, lang == TORI_JA ? "【みほん証券】出金受付のお知らせ"
                                                      : "[Mihon Securities] A withdrawal"));
        assert_false(tori_notify_link_in(mail.subject));
    }
}

static struct tori_notify_param sample(const struct tori_template_param *p)
{
    static const struct tori_notify_param samples[] = {
        [TORI_NOTIFY_TEXT] = {.text = TORI_STR_INIT("見本")},
        [TORI_NOTIFY_TIME] = {.number = (tori_time)TORI_UNIT_NOW_S * 1000},
        [TORI_NOTIFY_INT] = {.number = 100},
        [TORI_NOTIFY_MONEY] = {.text = TORI_STR_INIT("JPY"), .number = 1234},
        [TORI_NOTIFY_TAIL] = {.text = TORI_STR_INIT("123")},
        [TORI_NOTIFY_CODE] = {.text = TORI_STR_INIT("K7QF-M2XD")},
        [TORI_NOTIFY_WORD] = {.text = TORI_STR_INIT("")},
    };
    struct tori_notify_param out = samples[p->kind];

    out.name = p->name;
    out.kind = p->kind;
    if (p->words != NULL)
        out.text = tori_str_z(p->words[0].word);
    return out;
}

static size_t samples_of(const struct tori_template *template, bool optional,
                         struct tori_notify_param *out)
{
    size_t n = 0;

    for (const struct tori_template_param *p = template->param; p->name != NULL; p++)
        if (optional || !p->optional)
            out[n++] = sample(p);
    out[n].name = NULL;
    return n;
}

/* Whole and with everything absent that may be; nothing is left to fill, no line ends in a
 * colon. */
static void every_template_renders(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_notify_param param[20];

    assert_true(tori_template_count >= 15);
    for (size_t i = 0; i < tori_template_count * 2 * TORI_LANG_COUNT; i++) {
        const struct tori_template *template = &tori_templates[i / (2 * TORI_LANG_COUNT)];
        enum tori_lang lang = i & 1 ? TORI_EN : TORI_JA;
        samples_of(template, i & 2, param);
        struct tori_message m = message_of(cx, template->name, lang, param);
        assert_true(m.subject.len > 0 && m.body.len > 0);
        assert_false(has(m.subject, "{") || has(m.body, "{") || has(m.body, "}"));
        assert_false(has(m.body, ": \n"));
    }
}

/* NOTIFY-06 */
static void money_and_credentials_cannot_be_muted(void **state)
{
    static const char *const never[] = {"withdrawal",       "payout_change",      "profile_change",
                                        "credential_added", "credential_removed", "locked",
                                        "enrolment_opened", "notice_muted"};
    (void)state;

    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        assert_false(tori_template_find(tori_str_z(never[i]))->may_be_muted);
    assert_true(tori_template_find(TORI_STR("login"))->may_be_muted);
}

static void a_code_goes_by_letter_alone(void **state)
{
    (void)state;

    for (size_t i = 0; i < tori_template_count; i++)
        for (const struct tori_template_param *p = tori_templates[i].param; p->name != NULL; p++)
            if (p->kind == TORI_NOTIFY_CODE)
                assert_int_equal(tori_templates[i].channels, TORI_NOTIFY_LETTER);
}

/* NOTIFY-07: a thief who may name something does not get a link into our mail. */
static void a_link_in_a_value_is_withheld(void **state)
{
    struct tori_ctx *cx = *state;
    static const char *const bad[] = {"https://phish.example", "mihon-sec.example",
                                      "ｗｗｗ．ｐｈｉｓｈ", "<a href=x>", "hanako@mail.example"};
    struct tori_notify_param param[20];

    size_t n = samples_of(tori_template_find(TORI_STR("credential_added")), true, param);
    assert_string_equal(param[1].name, "label");
    assert_true(n == 4);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        param[1].text = tori_str_z(bad[i]);
        struct tori_message m = message_of(cx, "credential_added", TORI_EN, param);
        assert_false(has(m.body, bad[i]));
        assert_true(has(m.body, "Name of the passkey: (not shown)"));
    }
}

static void values_stay_on_their_line(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_notify_param param[20];

    samples_of(tori_template_find(TORI_STR("credential_added")), true, param);
    param[1].text = TORI_STR("a\nTime: yesterday\r\x1b{device}");
    struct tori_message m = message_of(cx, "credential_added", TORI_EN, param);
    assert_true(has(m.body, "Name of the passkey: aTime: yesterday{device}\nDevice: "));
    param[1].text = TORI_STR("\xff\xfe");
    struct tori_bytes json;
    assert_fails(tori_notify_params_write(cx, TORI_STR("credential_added"), param, &json),
                 TORI_ERR_BAD_TEXT);
}

static void long_values_are_cut_between_characters(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_notify_param param[20];
    struct tori_buf buf = tori_buf_new(cx->arena, 1000);

    samples_of(tori_template_find(TORI_STR("credential_added")), false, param);
    tori_buf_z(&buf, "a");
    for (int i = 0; i < 100; i++)
        tori_buf_z(&buf, "あ");
    param[1].text = tori_buf_text(&buf);
    struct tori_message m = message_of(cx, "credential_added", TORI_JA, param);
    assert_true(tori_utf8_valid(tori_str_bytes(m.body)));
    assert_true(has(m.body, "ああ\n端末"));
}

static void only_the_end_of_an_account_is_kept(void **state)
{
    (void)state;

    assert_text(tori_notify_tail("number", TORI_STR("1234567")).text, "567");
    assert_text(tori_notify_tail("number", TORI_STR("12345")).text, "345");
    assert_text(tori_notify_tail("number", TORI_STR("1234")).text, "234");
    assert_text(tori_notify_tail("number", TORI_STR("P-1")).text, "P-1");
    assert_text(tori_notify_tail("number", TORI_STR("")).text, "");
    assert_text(tori_notify_tail("number", TORI_STR("見本一二三四")).text, "二三四");
}

static void money_has_its_own_decimals(void **state)
{
    struct tori_ctx *cx = *state;
    static const struct {
        const char *currency;
        int64_t minor;
        const char *words;
    } cases[] = {
        {"JPY", 0, "JPY 0\n"},           {"JPY", -1234567, "JPY -1,234,567\n"},
        {"USD", 123405, "USD 1,234.05"}, {"BHD", 1, "BHD 0.001"},
        {"KRW", 1000, "KRW 1,000\n"},    {"USD", INT64_MIN, "USD -92,233,720,368,547,758.08"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        withdrawal_params[3].text = tori_str_z(cases[i].currency);
        withdrawal_params[3].number = cases[i].minor;
        struct tori_message m = message_of(cx, "withdrawal", TORI_EN, withdrawal_params);
        if (!has(m.body, cases[i].words))
            fail_msg("no \"%s\" in %.*s", cases[i].words, TORI_STR_ARG(m.body));
    }
}

static void mistakes_of_callers_are_refused(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_notify_param param[20];
    struct tori_bytes json;

    size_t n = samples_of(tori_template_find(TORI_STR("locked")), true, param);
    assert_fails(tori_notify_params_write(cx, TORI_STR("lock"), param, &json), TORI_ERR_NOT_FOUND);
    param[n] = tori_notify_int("more", 1);
    param[n + 1].name = NULL;
    assert_fails(tori_notify_params_write(cx, TORI_STR("locked"), param, &json), TORI_ERR_INTERNAL);
    param[n] = param[0];
    assert_fails(tori_notify_params_write(cx, TORI_STR("locked"), param, &json), TORI_ERR_INTERNAL);
    param[n].name = NULL;
    param[1] = tori_notify_word("cause", "weather");
    assert_fails(tori_notify_params_write(cx, TORI_STR("locked"), param, &json), TORI_ERR_INTERNAL);
    param[1] = tori_notify_text("cause", TORI_STR("self"));
    assert_fails(tori_notify_params_write(cx, TORI_STR("locked"), param, &json), TORI_ERR_INTERNAL);
    param[1].name = NULL;
    assert_fails(tori_notify_params_write(cx, TORI_STR("locked"), param, &json), TORI_ERR_INTERNAL);
}

static void stored_parameters_that_do_not_fit_are_refused(void **state)
{
    struct tori_ctx *cx = *state;
    static const char *const bad[] = {"{}",
                                      "{\"time\":\"x\",\"cause\":\"self\"}",
                                      "{\"time\":1}",
                                      "[]",
                                      "{\"time\":1,\"cause\":\"weather\"}",
                                      "{\"time\":1,\"cause\":\"self\",\"place\":\"a\\nTime: 2\"}"};
    struct tori_message message;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_fails(tori_notify_message(cx, TORI_STR("locked"), &reader[TORI_EN],
                                         tori_str_bytes(tori_str_z(bad[i])), &message),
                     TORI_ERR_STORE_DATA);
    assert_fails(tori_notify_message(cx, TORI_STR("locked"), &reader[TORI_EN],
                                     tori_str_bytes(TORI_STR("{")), &message),
                 TORI_ERR_BAD_JSON);
}

static void an_empty_text_is_unknown(void **state)
{
    struct tori_ctx *cx = *state;

    withdrawal_params[2].text = TORI_STR("");
    assert_true(has(message_of(cx, "withdrawal", TORI_JA, withdrawal_params).body, "端末: 不明"));
}

/* NOTIFY-07: the same rules as the generator's, held to the same list (house/templates). */
static void link_scanner_knows_the_list(void **state)
{
    FILE *list = fopen(TORI_TEST_DATA "/links.txt", "r");
    char line[256];
    size_t seen = 0;
    (void)state;

    assert_non_null(list);
    while (fgets(line, sizeof(line), list) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '+' && line[0] != '-')
            continue;
        seen++;
        if (tori_notify_link_in(tori_str_z(line + 2)) != (line[0] == '+'))
            fail_msg("wrong about: %s", line);
    }
    fclose(list);
    assert_true(seen > 40);
}

static void devices_in_words(void **state)
{
    struct tori_ctx *cx = *state;
    static const char *const cases[][2] = {
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
         "Edge, Windows"},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
         "Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
         "Safari, iPhone"},
        {"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36",
         "Chrome, Android"},
        {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
         "Firefox, Linux"},
        {"MihonTrader/3.1 (Windows)", "Windows"},
        {"curl", ""},
        {"", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_text(tori_notify_device_words(cx, tori_str_z(cases[i][0])), cases[i][1]);
    assert_text(tori_notify_device_words(cx, (struct tori_str){NULL, 0}), ""); /* none was sent */
}

static struct tori_result make_mail(struct tori_ctx *cx, struct tori_message *out)
{
    struct tori_bytes json;

    TORI_TRY(tori_notify_params_write(cx, TORI_STR("withdrawal"), withdrawal_params, &json));
    TORI_TRY(tori_notify_message(cx, TORI_STR("withdrawal"), &reader[TORI_JA], json, out));
    return tori_notify_mail(cx, &reader[TORI_JA], out, out);
}

/* Memory that fails once, anywhere: the message is whole or there is none. */
static void a_message_is_whole_or_there_is_none(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_arena *arena = cx->arena;
    struct tori_message want, got;
    unsigned long failed = 0, n = 0;
    bool more = true;

    assert_ok(cx, make_mail(cx, &want));
    for (cx->arena = NULL; more; n++) {
        cx->arena = tori_arena_new(1024 * 1024);
        assert_non_null(cx->arena);
        tori_alloc_fail_at(n + 1);
        struct tori_result r = make_mail(cx, &got);
        tori_alloc_fail_at(0);
        failed += TORI_FAILED(r);
        if (!TORI_FAILED(r)) {
            assert_true(tori_str_eq(got.subject, want.subject));
            assert_true(tori_str_eq(got.body, want.body));
        }
        more = n < 200;
        tori_arena_free(cx->arena);
    }
    assert_true(failed > 10);
    cx->arena = arena;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(withdrawal_says_what_happened),
        unit(mail_says_how_to_react),
        unit(every_template_renders),
        unit(money_and_credentials_cannot_be_muted),
        unit(a_code_goes_by_letter_alone),
        unit(a_link_in_a_value_is_withheld),
        unit(values_stay_on_their_line),
        unit(long_values_are_cut_between_characters),
        unit(only_the_end_of_an_account_is_kept),
        unit(money_has_its_own_decimals),
        unit(mistakes_of_callers_are_refused),
        unit(stored_parameters_that_do_not_fit_are_refused),
        unit(an_empty_text_is_unknown),
        unit(link_scanner_knows_the_list),
        unit(devices_in_words),
        unit(a_message_is_whole_or_there_is_none),
    };
    return tori_unit_run("notify", tests);
}
