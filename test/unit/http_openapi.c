/* The API document says what the tables say. */
#include "test/unit/unit.h"

#include "http/answer.h"
#include "http/openapi.h"

struct body {
    struct tori_str name;
    struct tori_bytes key;
    struct tori_id id;
    int64_t amount;
    bool yes;
    tori_time at;
    int kind;
    struct tori_list parts;
    const struct tori_json *rest;
};

static const char *const kinds[] = {"buy", "sell", NULL};
static const struct tori_field part[] = {TORI_TEXT(struct body, name, 1, 8), TORI_FIELDS_END};
static const struct tori_field fields[] = {
    TORI_TEXT(struct body, name, 1, 64),
    TORI_B64U(struct body, key, 32, 33),
    TORI_ID(struct body, id),
    {.name = "amount",
     .kind = TORI_FIELD_INT,
     .min = 1,
     .max = 9,
     .optional = true,
     .doc = "In yen"},
    TORI_BOOL(struct body, yes),
    TORI_TIME(struct body, at),
    TORI_WORD(struct body, kind, kinds),
    {.name = "parts", .kind = TORI_FIELD_LIST, .max = 20, .sub = part},
    {.name = "rest", .kind = TORI_FIELD_JSON, .max = 5},
    TORI_FIELDS_END,
};
static const struct tori_field answer[] = {TORI_SAYS(ID, "id"), TORI_MAY_SAY(INT, "amount"),
                                           TORI_MAY_SAY_SET("sides", kinds),
                                           TORI_SAYS_SUB(LIST, "parts", part), TORI_FIELDS_END};
static const tori_err errors[] = {TORI_ERR_LOCKED, TORI_ERR_NONE};

static TORI_RESULT decide(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    (void)cx, (void)in, (void)out;
    return TORI_OK;
}

static const struct tori_endpoint post = {.listener = TORI_LISTENER_CHANNEL,
                                          .method = TORI_POST,
                                          .path = "/v1/things/{id}/redeem",
                                          .summary = "Redeem \"it\"",
                                          .group = "things",
                                          .auth = TORI_AUTH_CHANNEL,
                                          .rate = TORI_RATE_API,
                                          .fields = fields,
                                          .answer = answer,
                                          .errors = errors,
                                          .decide = decide,
                                          .idempotency = true};
static const struct tori_endpoint home = {.listener = TORI_LISTENER_CUSTOMER,
                                          .method = TORI_GET,
                                          .path = "/",
                                          .summary = "Home",
                                          .group = "pages",
                                          .rate = TORI_RATE_PAGE,
                                          .page = true,
                                          .decide = decide};
static const struct tori_endpoint desk = {.listener = TORI_LISTENER_OPERATOR,
                                          .method = TORI_GET,
                                          .path = "/",
                                          .summary = "Desk",
                                          .group = "pages",
                                          .auth = TORI_AUTH_SESSION,
                                          .page = true,
                                          .decide = decide};
static const struct tori_endpoint_entry table[] = {
    {"redeem", &post}, {"home", &home}, {"desk", &desk}};

static void a_schema_says_what_the_table_says(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_buf buf = tori_buf_new(cx->arena, 8192);
    struct tori_json_out out = {.buf = &buf};

    tori_out_open(&out);
    tori_openapi_schema(&out, fields, false);
    tori_out_close(&out);
    assert_text(
        tori_buf_text(&buf),
        "{\"type\":\"object\",\"additionalProperties\":false,"
        "\"required\":[\"name\",\"key\",\"id\",\"yes\",\"at\",\"kind\",\"parts\",\"rest\"],"
        "\"properties\":{"
        "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":64},"
        "\"key\":{\"type\":\"string\",\"contentEncoding\":\"base64url\","
        "\"pattern\":\"^[A-Za-z0-9_-]*$\",\"minLength\":43,\"maxLength\":44},"
        "\"id\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9_-]{24}$\"},"
        "\"amount\":{\"description\":\"In yen\",\"type\":\"integer\",\"minimum\":1,\"maximum\":9},"
        "\"yes\":{\"type\":\"boolean\"},"
        "\"at\":{\"type\":\"string\",\"format\":\"date-time\"},"
        "\"kind\":{\"type\":\"string\",\"enum\":[\"buy\",\"sell\"]},"
        "\"parts\":{\"type\":\"array\",\"maxItems\":20,\"items\":{\"type\":\"object\","
        "\"additionalProperties\":false,\"required\":[\"name\"],"
        "\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":8}}}},"
        "\"rest\":{\"type\":\"object\",\"maxProperties\":5}}}");
}

static void an_answer_has_limits_only_where_it_names_them(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_buf buf = tori_buf_new(cx->arena, 8192);
    struct tori_json_out out = {.buf = &buf};

    tori_out_open(&out);
    tori_openapi_schema(&out, answer, false);
    tori_out_close(&out);
    assert_text(
        tori_buf_text(&buf),
        "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"id\",\"parts\"],"
        "\"properties\":{\"id\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9_-]{24}$\"},"
        "\"amount\":{\"type\":\"integer\"},\"sides\":{\"type\":\"array\",\"uniqueItems\":true,"
        "\"items\":{\"type\":\"string\",\"enum\":[\"buy\",\"sell\"]}},"
        "\"parts\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
        "\"additionalProperties\":false,\"required\":[\"name\"],\"properties\":{"
        "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":8}}}}}}");
}

static struct tori_str document(struct tori_ctx *cx)
{
    struct tori_buf out = tori_buf_new(cx->arena, TORI_OPENAPI_CAP);

    assert_ok(cx, tori_openapi_print(cx, table, 3, &out));
    return tori_buf_text(&out);
}

static void assert_has(struct tori_str text, const char *want)
{
    if (memmem(text.at, text.len, want, strlen(want)) == NULL)
        fail_msg("no %s in %.*s", want, TORI_STR_ARG(text));
}

static void paths_come_from_the_table(void **state)
{
    struct tori_str doc = document(*state);

    assert_has(
        doc, "\n  \"/v1/things/{id}/redeem\": {\n   \"post\": {\n    \"operationId\": \"redeem\"");
    assert_has(doc, "\n    \"summary\": \"Redeem \\\"it\\\"\",\n");
    assert_has(doc, "\n  \"/\": {\n   \"get\": {\n    \"operationId\": \"home\"");
    assert_has(doc, "\n  \"/#operator\": {\n   \"get\": {\n    \"operationId\": \"desk\"");
    assert_has(doc, "{\"name\":\"id\",\"in\":\"path\",\"required\":true");
    assert_has(doc, "{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"required\":true");
}

static void errors_are_those_an_endpoint_can_give(void **state)
{
    struct tori_str doc = document(*state);

    assert_has(doc, "\"description\":\"locked\"");
    assert_has(doc, "\"description\":\"rate_limited\"");
    assert_has(doc, "\"description\":\"idempotency_key_reused\"");
    assert_has(doc, "\"description\":\"bad_media_type\"");
    assert_has(doc, "\"description\":\"no_session\"");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        unit(a_schema_says_what_the_table_says),
        unit(an_answer_has_limits_only_where_it_names_them),
        unit(paths_come_from_the_table),
        unit(errors_are_those_an_endpoint_can_give),
    };
    return tori_unit_run("http_openapi", tests);
}
