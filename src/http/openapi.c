#include "http/openapi.h"

#include <string.h>

#include "http/cookie.h"

enum { LINE = 100 };

/* Errors that any endpoint of a kind can give, so that no table has to name them. */
static const tori_err always[] = {TORI_ERR_BAD_REQUEST, TORI_ERR_HEAD_TOO_LARGE,
                                  TORI_ERR_MISDIRECTED, TORI_ERR_TIMEOUT, TORI_ERR_NONE};
static const tori_err with_pipeline[] = {TORI_ERR_BUSY, TORI_ERR_NOT_OWNER, TORI_ERR_INTERNAL,
                                         TORI_ERR_NONE};
static const tori_err with_state[] = {TORI_ERR_STORE_AWAY, TORI_ERR_NONE};
static const tori_err with_body[] = {
    TORI_ERR_BAD_JSON,  TORI_ERR_UNKNOWN_FIELD,  TORI_ERR_BAD_TEXT,    TORI_ERR_TOO_DEEP,
    TORI_ERR_TOO_LARGE, TORI_ERR_BAD_MEDIA_TYPE, TORI_ERR_EXPECTATION, TORI_ERR_NONE};
static const tori_err with_fields[] = {TORI_ERR_BAD_FIELD, TORI_ERR_NONE};
static const tori_err with_required[] = {TORI_ERR_MISSING_FIELD, TORI_ERR_NONE};
static const tori_err with_rate[] = {TORI_ERR_RATE_LIMITED, TORI_ERR_NONE};
static const tori_err from_browsers[] = {TORI_ERR_CROSS_SITE, TORI_ERR_NONE};
static const tori_err with_key[] = {TORI_ERR_IDEMPOTENCY_KEY_MISSING,
                                    TORI_ERR_IDEMPOTENCY_KEY_REUSED, TORI_ERR_NONE};
static const tori_err of_visit[] = {TORI_ERR_INTERACTION_OTHER_BROWSER, TORI_ERR_NONE};
static const tori_err of_session[] = {TORI_ERR_NO_SESSION, TORI_ERR_NONE};
static const tori_err of_channel[] = {TORI_ERR_CHANNEL_UNKNOWN, TORI_ERR_NONE};

static const char *const listener_name[TORI_LISTENER_COUNT] = {
    [TORI_LISTENER_CUSTOMER] = "customer", [TORI_LISTENER_OPERATOR] = "operator",
    [TORI_LISTENER_CHANNEL] = "channel",   [TORI_LISTENER_METRICS] = "metrics",
    [TORI_LISTENER_ADMIN] = "admin",
};

struct errors {
    bool has[TORI_ERR_COUNT];
};

static void add(struct errors *errors, const tori_err *list)
{
    for (; list != NULL && *list != TORI_ERR_NONE; list++)
        errors->has[*list] = true;
}

static void add_auth(struct errors *errors, enum tori_auth auth)
{
    switch (auth) {
    case TORI_AUTH_NONE:
    case TORI_AUTH_ADMIN: /* nobody else can open the socket */
        return;
    case TORI_AUTH_VISIT:
        add(errors, of_visit);
        return;
    case TORI_AUTH_SESSION:
        add(errors, of_session);
        return;
    case TORI_AUTH_CHANNEL:
        add(errors, of_channel);
        return;
    }
}

static void add_body(struct errors *errors, const struct tori_field *field)
{
    add(errors, with_body);
    if (field->kind != TORI_FIELD_END)
        add(errors, with_fields);
    for (; field->kind != TORI_FIELD_END; field++)
        if (!field->optional)
            add(errors, with_required);
}

static bool serves_browsers(const struct tori_endpoint *e)
{
    const unsigned browsers = 1u << TORI_LISTENER_CUSTOMER | 1u << TORI_LISTENER_OPERATOR;
    return ((1u << e->listener | e->also) & browsers) != 0;
}

static void collect(const struct tori_endpoint *e, struct errors *errors)
{
    add(errors, always);
    add(errors, e->errors);
    add_auth(errors, e->auth);
    if (e->prepare != NULL || e->decide != NULL)
        add(errors, with_pipeline);
    if (e->decide != NULL)
        add(errors, with_state);
    if (e->fields != NULL)
        add_body(errors, e->fields);
    /* Channels have no rate: each is one address for all its customers. */
    if (e->rate != TORI_RATE_NONE && e->rate != TORI_RATE_API)
        add(errors, with_rate);
    if (serves_browsers(e) && (e->method != TORI_GET || !e->page))
        add(errors, from_browsers);
    if (e->idempotency)
        add(errors, with_key);
}

/* "bad_field", from the name in the table of errors. */
static void put_code(struct tori_buf *buf, tori_err err)
{
    for (const char *c = tori_err_name(err); *c != 0; c++)
        tori_buf_byte(buf, (uint8_t)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c));
}

/* The codes of one status, as one description. */
static void put_error_answer(struct tori_json_out *out, const struct errors *errors, int status)
{
    char name[] = {(char)('0' + status / 100), (char)('0' + status / 10 % 10),
                   (char)('0' + status % 10), 0};
    struct tori_buf codes = tori_buf_new(out->buf->arena, 4096);

    for (int err = 1; err < TORI_ERR_COUNT; err++) {
        if (!errors->has[err] || tori_err_status((tori_err)err) != status)
            continue;
        tori_buf_z(&codes, codes.len > 0 ? ", " : "");
        put_code(&codes, (tori_err)err);
    }
    tori_out_object(out, name);
    tori_out_word(out, "$ref", "#/components/responses/Problem");
    tori_out_text(out, "description", tori_buf_text(&codes));
    tori_out_close(out);
}

static bool has_status(const struct errors *errors, int status)
{
    for (int err = 1; err < TORI_ERR_COUNT; err++)
        if (errors->has[err] && tori_err_status((tori_err)err) == status)
            return true;
    return false;
}

static void put_answers(struct tori_json_out *out, const struct tori_endpoint *e)
{
    struct errors errors = {{false}};

    collect(e, &errors);
    tori_out_object(out, "responses");
    tori_out_object(out, "2XX");
    tori_out_word(out, "description", e->page ? "A page" : "Done");
    tori_out_object(out, "content");
    tori_out_object(out, e->page ? "text/html" : e->plain_answer ? "*/*" : "application/json");
    if (e->answer != NULL) {
        tori_out_object(out, "schema");
        tori_openapi_schema(out, e->answer, false);
        tori_out_close(out);
    }
    tori_out_close(out);
    tori_out_close(out);
    tori_out_close(out);
    for (int status = 400; status < 600; status++)
        if (has_status(&errors, status))
            put_error_answer(out, &errors, status);
    tori_out_close(out);
}

static void put_parameter(struct tori_json_out *out, const char *where, struct tori_str name)
{
    tori_out_item(out);
    out->comma = false;
    tori_out_open(out);
    tori_out_text(out, "name", name);
    tori_out_word(out, "in", where);
    tori_out_bool(out, "required", true);
    tori_out_object(out, "schema");
    tori_out_word(out, "type", "string");
    tori_out_close(out);
    tori_out_close(out);
}

static void put_parameters(struct tori_json_out *out, const struct tori_endpoint *e)
{
    const char *open = strchr(e->path, '{');

    if (open == NULL && !e->idempotency)
        return;
    tori_out_list(out, "parameters");
    for (; open != NULL; open = strchr(open + 1, '{')) {
        const char *end = strchr(open, '}');
        size_t len = end == NULL ? 0 : (size_t)(end - open) - 1;
        put_parameter(out, "path", (struct tori_str){open + 1, len});
    }
    if (e->idempotency)
        put_parameter(out, "header", TORI_STR("Idempotency-Key"));
    tori_out_list_end(out);
}

static const char *scheme_name(enum tori_auth auth)
{
    static const char *const name[] = {
        [TORI_AUTH_NONE] = NULL,           [TORI_AUTH_VISIT] = "visit",
        [TORI_AUTH_SESSION] = "session",   [TORI_AUTH_CHANNEL] = "channel",
        [TORI_AUTH_ADMIN] = "adminSocket",
    };
    return name[auth];
}

static void put_security(struct tori_json_out *out, enum tori_auth auth)
{
    const char *scheme = scheme_name(auth);

    tori_out_list(out, "security");
    if (scheme != NULL) {
        tori_out_item(out);
        out->comma = false;
        tori_out_open(out);
        tori_out_list(out, scheme);
        tori_out_list_end(out);
        tori_out_close(out);
    }
    tori_out_list_end(out);
}

static void put_listeners(struct tori_json_out *out, const struct tori_endpoint *e)
{
    tori_out_list(out, "x-listeners");
    for (unsigned i = 0; i < TORI_LISTENER_COUNT; i++) {
        if (e->listener != (enum tori_listener)i && (e->also & 1u << i) == 0)
            continue;
        tori_out_item(out);
        tori_buf_json_str(out->buf, tori_str_z(listener_name[i]));
    }
    tori_out_list_end(out);
}

static void put_operation(struct tori_json_out *out, const struct tori_endpoint_entry *entry)
{
    static const char *const method[] = {
        [TORI_GET] = "get", [TORI_POST] = "post", [TORI_PUT] = "put", [TORI_DEL] = "delete"};
    const struct tori_endpoint *e = entry->endpoint;

    tori_out_object(out, method[e->method]);
    tori_out_word(out, "operationId", entry->name);
    tori_out_word(out, "summary", e->summary);
    tori_out_list(out, "tags");
    tori_out_item(out);
    tori_buf_json_str(out->buf, tori_str_z(e->group));
    tori_out_list_end(out);
    put_listeners(out, e);
    put_security(out, e->auth);
    put_parameters(out, e);
    if (e->fields != NULL) {
        tori_out_object(out, "requestBody");
        tori_out_bool(out, "required", true);
        tori_out_object(out, "content");
        tori_out_object(out, "application/json");
        tori_out_object(out, "schema");
        tori_openapi_schema(out, e->fields, false);
        tori_out_close(out);
        tori_out_close(out);
        tori_out_close(out);
        tori_out_close(out);
    }
    put_answers(out, e);
    tori_out_close(out);
}

static bool same_path(const struct tori_endpoint *a, const struct tori_endpoint *b)
{
    return a->listener == b->listener && strcmp(a->path, b->path) == 0;
}

/* One path may mean two things on two hosts; the document's way to say so is a fragment. */
static void put_path(struct tori_ctx *cx, struct tori_json_out *out,
                     const struct tori_endpoint_entry *entry, size_t i)
{
    const struct tori_endpoint *e = entry[i].endpoint;
    struct tori_buf name = tori_buf_new(cx->arena, 512);
    bool elsewhere = false;

    for (size_t k = 0; k < i; k++)
        elsewhere = elsewhere || strcmp(entry[k].endpoint->path, e->path) == 0;
    tori_buf_z(&name, e->path);
    if (elsewhere) {
        tori_buf_byte(&name, '#');
        tori_buf_z(&name, listener_name[e->listener]);
    }
    tori_buf_byte(&name, 0);
    tori_out_object(out, name.over ? "?" : (const char *)name.at);
}

static void put_paths(struct tori_ctx *cx, struct tori_json_out *out,
                      const struct tori_endpoint_entry *entry, size_t count)
{
    tori_out_object(out, "paths");
    for (size_t i = 0; i < count; i++) {
        bool done = false;
        for (size_t k = 0; k < i; k++)
            done = done || same_path(entry[k].endpoint, entry[i].endpoint);
        if (done)
            continue;
        put_path(cx, out, entry, i);
        for (size_t k = i; k < count; k++)
            if (same_path(entry[k].endpoint, entry[i].endpoint))
                put_operation(out, &entry[k]);
        tori_out_close(out);
    }
    tori_out_close(out);
}

static void put_cookie_scheme(struct tori_json_out *out, enum tori_cookie cookie, const char *name)
{
    tori_out_object(out, name);
    tori_out_word(out, "type", "apiKey");
    tori_out_word(out, "in", "cookie");
    tori_out_text(out, "name", tori_cookie_name(TORI_LISTENER_CUSTOMER, cookie));
    tori_out_close(out);
}

static void put_schemes(struct tori_json_out *out)
{
    tori_out_object(out, "securitySchemes");
    tori_out_object(out, scheme_name(TORI_AUTH_CHANNEL));
    tori_out_word(out, "type", "mutualTLS");
    tori_out_word(out, "description", "The key of the client certificate is registered");
    tori_out_close(out);
    put_cookie_scheme(out, TORI_COOKIE_SESSION, scheme_name(TORI_AUTH_SESSION));
    put_cookie_scheme(out, TORI_COOKIE_VISIT, scheme_name(TORI_AUTH_VISIT));
    tori_out_object(out, scheme_name(TORI_AUTH_ADMIN));
    tori_out_word(out, "type", "mutualTLS");
    tori_out_word(out, "description", "Whoever may open the admin socket of this machine");
    tori_out_close(out);
    tori_out_close(out);
}

static void put_problem_answer(struct tori_json_out *out)
{
    tori_out_object(out, "responses");
    tori_out_object(out, "Problem");
    tori_out_word(out, "description", "RFC 9457; `code` is one of those listed");
    tori_out_object(out, "content");
    tori_out_object(out, "application/problem+json");
    tori_out_object(out, "schema");
    tori_out_word(out, "$ref", "#/components/schemas/Problem");
    tori_out_close(out);
    tori_out_close(out);
    tori_out_close(out);
    tori_out_close(out);
    tori_out_close(out);
}

/* RFC 9457, and what tori_reply_problem() adds. */
static void put_problem(struct tori_json_out *out)
{
    static const char *const text[] = {"type", "title", "code", "request_id", "field"};

    tori_out_object(out, "schemas");
    tori_out_object(out, "Problem");
    tori_out_word(out, "type", "object");
    tori_out_object(out, "properties");
    for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
        tori_out_object(out, text[i]);
        tori_out_word(out, "type", "string");
        tori_out_close(out);
    }
    tori_out_object(out, "status");
    tori_out_word(out, "type", "integer");
    tori_out_close(out);
    tori_out_close(out);
    tori_out_close(out);
    tori_out_close(out);
}

static void put_document(struct tori_ctx *cx, struct tori_json_out *out,
                         const struct tori_endpoint_entry *entry, size_t count)
{
    tori_out_open(out);
    tori_out_word(out, "openapi", "3.1.0");
    tori_out_object(out, "info");
    tori_out_word(out, "title", "Torimori");
    tori_out_word(out, "version", "1");
    tori_out_word(out, "description",
                  "Generated from the tables of src/http; docs/integration.md tells the story.");
    tori_out_close(out);
    put_paths(cx, out, entry, count);
    tori_out_object(out, "components");
    put_schemes(out);
    put_problem(out);
    put_problem_answer(out);
    tori_out_close(out);
    tori_out_close(out);
}

static void new_line(struct tori_buf *out, int depth)
{
    tori_buf_byte(out, '\n');
    for (int i = 0; i < depth; i++)
        tori_buf_byte(out, ' ');
}

/* How long the object or list at the begin of `json` is; 0 when it does not fit on a line. */
static size_t short_length(struct tori_str json)
{
    int depth = 0;
    bool text = false;

    for (size_t i = 0; i < json.len && i < LINE; i++) {
        char c = json.at[i];
        if (c == '"' && (i == 0 || json.at[i - 1] != '\\'))
            text = !text;
        if (text)
            continue;
        depth += c == '{' || c == '[' ? 1 : 0;
        depth -= c == '}' || c == ']' ? 1 : 0;
        if (depth == 0)
            return i + 1;
    }
    return 0;
}

/* Objects and lists that fit stand on one line, others have one member a line. The JSON is of our
 * own making, so only strings need care. */
static void indent(struct tori_str json, struct tori_buf *out)
{
    int depth = 0;
    bool text = false;

    for (size_t i = 0; i < json.len; i++) {
        char c = json.at[i];
        if (c == '"' && (i == 0 || json.at[i - 1] != '\\'))
            text = !text;
        bool opens = !text && (c == '{' || c == '[');
        bool closes = !text && (c == '}' || c == ']');
        size_t all = opens ? short_length((struct tori_str){json.at + i, json.len - i}) : 0;
        if (all > 0) {
            tori_buf_bytes(out, json.at + i, all);
            i += all - 1;
            continue;
        }
        if (closes)
            new_line(out, --depth);
        tori_buf_byte(out, (uint8_t)c);
        if (opens)
            new_line(out, ++depth);
        if (c == ',' && !text)
            new_line(out, depth);
        if (c == ':' && !text)
            tori_buf_byte(out, ' ');
    }
    tori_buf_byte(out, '\n');
}

struct tori_result tori_openapi_print(struct tori_ctx *cx, const struct tori_endpoint_entry *entry,
                                      size_t count, struct tori_buf *out)
{
    struct tori_buf flat = tori_buf_new(cx->arena, TORI_OPENAPI_CAP);
    struct tori_json_out json = {.buf = &flat};

    put_document(cx, &json, entry, count);
    TORI_TRY(tori_buf_done(cx, &flat));
    indent(tori_buf_text(&flat), out);
    return tori_buf_done(cx, out);
}
