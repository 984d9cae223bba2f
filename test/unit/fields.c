/* Body tables. */
#include "test/unit/unit.h"

#include "codec/fields.h"

struct line {
    struct tori_str name;
    int64_t n;
};
static const struct tori_field line_fields[] = {
    TORI_TEXT(struct line, name, 1, 8),
    TORI_INT(struct line, n, -5, 5),
    TORI_FIELDS_END,
};

static const char *const colours[] = {"red", "blue", NULL};

struct body {
    struct tori_str text;
    struct tori_bytes blob;
    struct tori_id id;
    bool yes;
    tori_time at;
    int colour;
    struct line line;
    struct line context;
    struct tori_list lines;
    const struct tori_json *rest;
    int64_t set;
    int64_t open_set;
};
static const struct tori_field body_fields[] = {
    TORI_TEXT(struct body, text, 1, 9),
    {.name = "blob",
     .kind = TORI_FIELD_B64U,
     .offset = offsetof(struct body, blob),
     .min = 1,
     .max = 2,
     .optional = true},
    {.name = "id", .kind = TORI_FIELD_ID, .offset = offsetof(struct body, id), .optional = true},
    {.name = "yes",
     .kind = TORI_FIELD_BOOL,
     .offset = offsetof(struct body, yes),
     .optional = true},
    {.name = "at", .kind = TORI_FIELD_TIME, .offset = offsetof(struct body, at), .optional = true},
    {.name = "colour",
     .kind = TORI_FIELD_WORD,
     .offset = offsetof(struct body, colour),
     .words = colours,
     .optional = true},
    {.name = "line",
     .kind = TORI_FIELD_OBJECT,
     .offset = offsetof(struct body, line),
     .sub = line_fields,
     .optional = true},
    {.name = "context",
     .kind = TORI_FIELD_OBJECT,
     .offset = offsetof(struct body, context),
     .sub = line_fields,
     .open = true,
     .optional = true},
    {.name = "lines",
     .kind = TORI_FIELD_LIST,
     .offset = offsetof(struct body, lines),
     .sub = line_fields,
     .item_size = sizeof(struct line),
     .max = 2,
     .optional = true},
    {.name = "rest",
     .kind = TORI_FIELD_JSON,
     .offset = offsetof(struct body, rest),
     .max = 1,
     .optional = true},
    {.name = "set",
     .kind = TORI_FIELD_SET,
     .offset = offsetof(struct body, set),
     .words = colours,
     .max = 2,
     .optional = true},
    {.name = "open_set",
     .kind = TORI_FIELD_SET,
     .offset = offsetof(struct body, open_set),
     .words = colours,
     .max = 2,
     .open = true,
     .optional = true},
    TORI_FIELDS_END,
};

static struct tori_result read_body(struct tori_ctx *cx, const char *text, struct body *out)
{
    struct tori_json json;

    TORI_TRY(tori_json_parse(cx, tori_str_bytes(tori_str_z(text)), &json));
    return tori_fields_read(cx, body_fields, &json, out);
}

static void a_full_body_fills_the_struct(void **state)
{
    struct tori_ctx *cx = *state;
    struct body body = {0};
    const struct line *line;

    assert_ok(cx,
              read_body(cx,
                        "{\"text\":\"取守\",\"blob\":\"AQI\",\"id\":\"_wAAAAAAAAAAAAAAAAAAAAAA\","
                        "\"yes\":true,\"at\":\"2026-11-20T05:00:00Z\",\"colour\":\"blue\","
                        "\"line\":{\"name\":\"a\",\"n\":-5},"
                        "\"context\":{\"n\":5,\"new\":[1],\"name\":\"b\"},"
                        "\"lines\":[{\"name\":\"c\",\"n\":1},{\"name\":\"d\",\"n\":2}],"
                        "\"rest\":{\"x\":{}},\"set\":[\"blue\",\"blue\"],"
                        "\"open_set\":[\"green\",\"red\"]}",
                        &body));
    assert_text(body.text, "取守");
    assert_true(tori_bytes_eq(body.blob, (struct tori_bytes){(const uint8_t *)"\1\2", 2}));
    assert_int_equal(body.id.at[0], 0xff);
    assert_true(body.yes);
    assert_true(body.at == cx->now);
    assert_int_equal(body.colour, 1);
    assert_true(body.line.n == -5);
    assert_text(body.context.name, "b");
    assert_int_equal(body.lines.count, 2);
    line = body.lines.at;
    assert_text(line[1].name, "d");
    assert_int_equal(body.rest->count, 1);
    assert_int_equal(body.set, 2);
    assert_int_equal(body.open_set, 1);
}

static void absent_members_stay_zero(void **state)
{
    struct tori_ctx *cx = *state;
    struct body body = {0};

    assert_ok(cx, read_body(cx, "{\"text\":\"x\"}", &body));
    assert_null(body.blob.at);
    assert_null(body.rest);
    assert_int_equal(body.lines.count, 0);
}

static void each_fault_has_its_code(void **state)
{
    struct tori_ctx *cx = *state;
    static const struct {
        const char *text;
        tori_err err;
    } cases[] = {
        {"[]", TORI_ERR_BAD_JSON},
        {"{}", TORI_ERR_MISSING_FIELD},
        {"{\"text\":\"x\",\"more\":1}", TORI_ERR_UNKNOWN_FIELD},
        {"{\"text\":null}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"yes\":null}", TORI_ERR_BAD_FIELD},
        {"{\"text\":1}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"\"}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"取取取x\"}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"a\\n\"}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"a\\u007f\"}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"a\\u0085\"}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"a\\u2028\"}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"a\\u202e\"}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"blob\":\"\"}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"blob\":\"AQID\"}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"blob\":\"AQ=\"}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"id\":\"AQ\"}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"yes\":1}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"at\":\"2026-11-20\"}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"colour\":\"re\"}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"line\":{\"name\":\"a\",\"n\":6}}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"line\":{\"name\":\"a\",\"n\":1,\"z\":1}}", TORI_ERR_UNKNOWN_FIELD},
        {"{\"text\":\"x\",\"line\":{\"name\":\"a\"}}", TORI_ERR_MISSING_FIELD},
        {"{\"text\":\"x\",\"context\":{\"name\":\"a\",\"n\":null}}", TORI_ERR_MISSING_FIELD},
        {"{\"text\":\"x\",\"lines\":[1]}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"lines\":[{\"name\":\"a\",\"n\":1},{\"name\":\"a\",\"n\":1},"
         "{\"name\":\"a\",\"n\":1}]}",
         TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"rest\":{\"a\":1,\"b\":2}}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"rest\":[]}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"set\":[\"green\"]}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"set\":[1]}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"set\":\"red\"}", TORI_ERR_BAD_FIELD},
        {"{\"text\":\"x\",\"open_set\":[\"a\",\"b\",\"c\"]}", TORI_ERR_BAD_FIELD},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct body body = {0};
        struct tori_result result = read_body(cx, cases[i].text, &body);
        if (result.err != cases[i].err)
            fail_msg("%s: %s", cases[i].text, tori_err_name(result.err));
    }
}

static void a_fault_names_its_field(void **state)
{
    struct tori_ctx *cx = *state;
    struct body body = {0};

    assert_fails(read_body(cx, "{\"text\":\"x\",\"more\":1}", &body), TORI_ERR_UNKNOWN_FIELD);
    assert_text(cx->failure.fields[0].text, "more");
    assert_fails(read_body(cx, "{\"text\":\"x\",\"colour\":\"green\"}", &body), TORI_ERR_BAD_FIELD);
    assert_text(cx->failure.fields[0].text, "colour");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(a_full_body_fills_the_struct),
        unit(absent_members_stay_zero),
        unit(each_fault_has_its_code),
        unit(a_fault_names_its_field),
    };
    return tori_unit_run("fields", tests);
}
