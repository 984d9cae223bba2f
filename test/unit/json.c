/* JSON in and out, and the base64 forms. */
#include "test/unit/unit.h"

#include "codec/base64url.h"
#include "codec/json.h"

static struct tori_result parse(struct tori_ctx *cx, const char *text, struct tori_json *out)
{
    return tori_json_parse(cx, tori_str_bytes(tori_str_z(text)), out);
}

static void what_is_read_is_written_again(void **state)
{
    struct tori_ctx *cx = *state;
    const char *text =
        "{\"b\":[1,-9223372036854775808,true,null],\"a\":{\"取\":\"\\\"守\\\\\"},\"e\":[]}";
    struct tori_buf buf = tori_buf_new(cx->arena, 1000);
    struct tori_json json;

    assert_ok(cx, parse(cx, text, &json));
    tori_json_write(&buf, &json);
    assert_text(tori_buf_text(&buf), text);
    assert_non_null(tori_json_get(&json, TORI_STR("a")));
    assert_null(tori_json_get(&json, TORI_STR("c")));
    assert_null(tori_json_get(tori_json_get(&json, TORI_STR("b")), TORI_STR("a")));
}

static void a_value_of_any_kind_may_stand_alone(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_json json;

    assert_ok(cx, parse(cx, " 9223372036854775807 ", &json));
    assert_int_equal(json.kind, TORI_JSON_INT);
    assert_true(json.number == INT64_MAX);
    assert_ok(cx, parse(cx, "\"\\u53d6\"", &json));
    assert_text(json.text, "取");
    assert_ok(cx, parse(cx, "false", &json));
    assert_int_equal(json.number, 0);
}

static void what_is_not_strict_json_is_refused(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_json json;
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "{}x",
        "{} {}",
        "{\"a\":1,}",
        "[1,]",
        "{'a':1}",
        "{a:1}",
        "01",
        "+1",
        "1.0",
        "1e2",
        "NaN",
        "9223372036854775808",
        "\xef\xbb\xbf{}",
        "/**/1",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":2}",
        "\"\\ud800\"",
        "\"\\x41\"",
        "\"a\nb\"",
        "tru",
        "[1 2]",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tori_result result = parse(cx, bad[i], &json);
        if (result.err != TORI_ERR_BAD_JSON)
            fail_msg("%s: %s", bad[i], tori_err_name(result.err));
    }
}

static void text_must_be_utf8_without_nul(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_json json;

    assert_fails(parse(cx, "\"\xc0\xaf\"", &json), TORI_ERR_BAD_TEXT);
    assert_fails(parse(cx, "\"\xed\xa0\x80\"", &json), TORI_ERR_BAD_TEXT);
    assert_fails(parse(cx, "\"a\\u0000b\"", &json), TORI_ERR_BAD_TEXT);
    assert_fails(parse(cx, "{\"a\\u0000b\":1}", &json), TORI_ERR_BAD_TEXT);
    assert_true(
        TORI_FAILED(tori_json_parse(cx, (struct tori_bytes){(const uint8_t *)"{}\0", 3}, &json)));
}

static void depth_and_members_are_bounded(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_buf buf = tori_buf_new(cx->arena, 100 * 1000);
    struct tori_json json;

    assert_ok(cx, parse(cx, "[[[[[[[[1]]]]]]]]", &json)); /* eight */
    assert_fails(parse(cx, "[[[[[[[[[1]]]]]]]]]", &json), TORI_ERR_TOO_DEEP);
    for (int i = 0; i < 30000; i++)
        tori_buf_byte(&buf, '[');
    assert_fails(tori_json_parse(cx, tori_buf_view(&buf), &json), TORI_ERR_TOO_DEEP);

    for (size_t count = TORI_JSON_MEMBERS; count <= TORI_JSON_MEMBERS + 1; count++) {
        buf.len = 0;
        for (size_t i = 0; i < count; i++)
            tori_buf_z(&buf, i == 0 ? "[1" : ",1");
        tori_buf_byte(&buf, ']');
        struct tori_result result = tori_json_parse(cx, tori_buf_view(&buf), &json);
        assert_int_equal(result.err,
                         count == TORI_JSON_MEMBERS ? TORI_ERR_NONE : TORI_ERR_TOO_LARGE);
    }
}

static void a_failed_parse_leaves_the_output_alone(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_json json = {.kind = TORI_JSON_INT, .number = 7};

    assert_true(TORI_FAILED(parse(cx, "[1,2.5]", &json)));
    assert_true(TORI_FAILED(parse(cx, "[1", &json)));
    assert_int_equal(json.kind, TORI_JSON_INT);
    assert_int_equal(json.number, 7);
}

static void answers_are_well_formed(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_buf buf = tori_buf_new(cx->arena, 1000);
    struct tori_json_out out = {.buf = &buf};
    struct tori_id id = {{0xff}};
    struct tori_json json;

    tori_out_open(&out);
    tori_out_text(&out, "t", TORI_STR("a\"b"));
    tori_out_list(&out, "l");
    for (int i = 0; i < 2; i++) {
        tori_out_item(&out);
        tori_out_open(&out);
        tori_out_int(&out, "i", i);
        tori_out_bool(&out, "b", i == 1);
        tori_out_close(&out);
    }
    tori_out_list_end(&out);
    tori_out_object(&out, "o");
    tori_out_time(&out, "at", cx->now);
    tori_out_hex(&out, "x", TORI_BYTES_OF("\x01\xfe"));
    tori_out_close(&out);
    tori_out_b64u(&out, "u", (struct tori_bytes){(const uint8_t *)"\xfb\xff", 2});
    tori_out_id(&out, "id", &id);
    assert_ok(cx, parse(cx, "[{}]", &json));
    tori_out_json(&out, "j", &json);
    tori_out_word(&out, "w", "x");
    tori_out_close(&out);
    assert_text(tori_buf_text(&buf),
                "{\"t\":\"a\\\"b\",\"l\":[{\"i\":0,\"b\":false},{\"i\":1,\"b\":true}],"
                "\"o\":{\"at\":\"2026-11-20T05:00:00.000Z\",\"x\":\"01fe00\"},\"u\":\"-_8\","
                "\"id\":\"_wAAAAAAAAAAAAAAAAAAAAAA\",\"j\":[{}],\"w\":\"x\"}");
    assert_ok(cx, tori_json_parse(cx, tori_buf_view(&buf), &json));
}

static void base64url_is_strict(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_bytes bytes;
    static const char *const bad[] = {"A",   "AAAAA", "AA==", "AA=",  "A+", "A/",
                                      "A A", "AB",    "AAB",  "AA\n", "=",  "Aé"};

    assert_ok(cx, tori_b64u_decode(cx, TORI_STR("-_8"), &bytes));
    assert_true(tori_bytes_eq(bytes, (struct tori_bytes){(const uint8_t *)"\xfb\xff", 2}));
    assert_ok(cx, tori_b64u_decode(cx, TORI_STR(""), &bytes));
    assert_int_equal(bytes.len, 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_fails(tori_b64u_decode(cx, tori_str_z(bad[i]), &bytes), TORI_ERR_BAD_FIELD);
}

static void base64_forms_round_trip(void **state)
{
    struct tori_ctx *cx = *state;
    uint8_t data[100];
    struct tori_bytes back;

    tori_random_fill(&cx->random, data, sizeof(data));
    for (size_t n = 0; n <= sizeof(data); n++) {
        struct tori_bytes want = {data, n};
        struct tori_buf buf = tori_buf_new(cx->arena, 1000);
        tori_buf_b64u(&buf, want);
        assert_ok(cx, tori_b64u_decode(cx, tori_buf_text(&buf), &back));
        assert_true(tori_bytes_eq(back, want));
        buf.len = 0;
        tori_buf_b64(&buf, want);
        assert_ok(cx, tori_b64_decode(cx, tori_buf_text(&buf), &back));
        assert_true(tori_bytes_eq(back, want));
    }
}

static void padded_base64_is_strict_too(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_bytes bytes;
    static const char *const bad[] = {
        "YQ", "YQ=", "Y===", "====", "YR==", "YQ==YQ==", "-_==", "Y=Q="};

    assert_ok(cx, tori_b64_decode(cx, TORI_STR("YQ=="), &bytes));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_fails(tori_b64_decode(cx, tori_str_z(bad[i]), &bytes), TORI_ERR_BAD_FIELD);
}

static void an_id_is_24_characters(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_id id;

    assert_ok(cx, tori_id_parse(cx, TORI_STR("_wAAAAAAAAAAAAAAAAAAAAAA"), &id));
    assert_int_equal(id.at[0], 0xff);
    assert_fails(tori_id_parse(cx, TORI_STR("_wAAAAAAAAAAAAAAAAAAAAA"), &id), TORI_ERR_BAD_FIELD);
    assert_fails(tori_id_parse(cx, TORI_STR("_wAAAAAAAAAAAAAAAAAAAAAAA"), &id), TORI_ERR_BAD_FIELD);
    assert_fails(tori_id_parse(cx, TORI_STR("_wAAAAAAAAAAAAAAAAAAAAA="), &id), TORI_ERR_BAD_FIELD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(what_is_read_is_written_again),
        unit(a_value_of_any_kind_may_stand_alone),
        unit(what_is_not_strict_json_is_refused),
        unit(text_must_be_utf8_without_nul),
        unit(depth_and_members_are_bounded),
        unit(a_failed_parse_leaves_the_output_alone),
        unit(answers_are_well_formed),
        unit(base64url_is_strict),
        unit(base64_forms_round_trip),
        unit(padded_base64_is_strict_too),
        unit(an_id_is_24_characters),
    };
    return tori_unit_run("json", tests);
}
