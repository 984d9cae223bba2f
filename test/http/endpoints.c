#include "test/http/endpoints.h"

#include <unistd.h>

#include "http/cookie.h"

extern const struct tori_endpoint tori_endpoint_healthz, tori_endpoint_readyz,
    tori_endpoint_metrics, tori_endpoint_static;

struct echo {
    struct tori_str text;
    int64_t sleep_ms;
    int64_t size;
};

static const struct tori_field echo_fields[] = {
    TORI_TEXT(struct echo, text, 0, 65536),
    {.name = "sleep_ms",
     .kind = TORI_FIELD_INT,
     .offset = offsetof(struct echo, sleep_ms),
     .max = 5000,
     .optional = true},
    {.name = "size",
     .kind = TORI_FIELD_INT,
     .offset = offsetof(struct echo, size),
     .max = 200000,
     .optional = true},
    TORI_FIELDS_END,
};

/* Says what came in; or as many bytes as were asked for, after as long. */
static TORI_RESULT echo(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct echo *asked = in;

    (void)cx;
    if (asked->sleep_ms > 0)
        usleep((useconds_t)asked->sleep_ms * 1000);
    tori_reply_text(out, "text", asked->text);
    if (asked->size > 0) {
        struct tori_buf filler = tori_buf_new(cx->arena, (size_t)asked->size);
        for (int64_t i = 0; i < asked->size; i++)
            tori_buf_byte(&filler, 'x');
        tori_reply_text(out, "filler", tori_buf_text(&filler));
    }
    return TORI_OK;
}

/* Who asks, as the edge saw it. */
static TORI_RESULT who(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_caller *c = cx->caller;

    (void)in;
    tori_reply_text(out, "ip", c->ip);
    tori_reply_int(out, "port", c->port);
    tori_reply_text(out, "user_agent", c->user_agent);
    tori_reply_text(out, "cookie", c->cookie);
    tori_reply_text(out, "visit", c->visit);
    tori_reply_text(out, "query", c->query);
    tori_reply_text(out, "name", c->path[0]);
    tori_reply_text(out, "traceparent", c->traceparent);
    tori_reply_text(out, "key", c->idempotency_key);
    tori_reply_word(out, "lang", cx->lang == TORI_JA ? "ja" : "en");
    tori_reply_bool(out, "has_certificate", c->has_certificate);
    tori_reply_b64u(out, "certificate_key", tori_hash_bytes(&c->certificate_key));
    return TORI_OK;
}

static TORI_RESULT refuse(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    (void)in, (void)out;
    return TORI_FAIL(cx, LOCKED);
}

static TORI_RESULT login(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    (void)in;
    (void)cx;
    out->cookie[TORI_REPLY_SESSION] =
        (struct tori_cookie_change){.set = true, .value = TORI_STR("abc.def")};
    tori_reply_word(out, "status", "ok");
    return TORI_OK;
}

/* A value from outside must not be able to add a header. */
static TORI_RESULT inject(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    (void)cx, (void)in;
    tori_reply_header(out, "Location", TORI_STR("/a\r\nSet-Cookie: x=y"));
    return TORI_OK;
}

static TORI_RESULT page(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    (void)cx, (void)in;
    out->content_type = "text/html; charset=utf-8";
    tori_buf_z(&out->body, "<!doctype html><title>page</title>");
    return TORI_OK;
}

enum {
    EVERYWHERE = 1u << TORI_LISTENER_OPERATOR | 1u << TORI_LISTENER_CHANNEL |
                 1u << TORI_LISTENER_METRICS | 1u << TORI_LISTENER_ADMIN
};

#define ENDPOINT(name, ...)                                                                        \
    static const struct tori_endpoint name = {.listener = TORI_LISTENER_CUSTOMER,                  \
                                              .also = EVERYWHERE,                                  \
                                              .summary = #name,                                    \
                                              .group = "test",                                     \
                                              __VA_ARGS__}

ENDPOINT(echo_post, .method = TORI_POST, .path = "/echo", .fields = echo_fields,
         .input_size = sizeof(struct echo), .decide = echo);
ENDPOINT(echo_put, .method = TORI_PUT, .path = "/echo", .fields = echo_fields,
         .input_size = sizeof(struct echo), .decide = echo);
ENDPOINT(who_get, .method = TORI_GET, .path = "/who/{name}", .decide = who);
ENDPOINT(who_once, .method = TORI_POST, .path = "/once", .idempotency = true, .decide = who);
ENDPOINT(session_get, .method = TORI_GET, .path = "/session", .auth = TORI_AUTH_SESSION,
         .decide = who);
ENDPOINT(channel_get, .method = TORI_GET, .path = "/channel", .auth = TORI_AUTH_CHANNEL,
         .decide = who);
ENDPOINT(admin_get, .method = TORI_GET, .path = "/admin", .auth = TORI_AUTH_ADMIN, .decide = who);
ENDPOINT(refuse_get, .method = TORI_GET, .path = "/refuse", .decide = refuse);
ENDPOINT(login_post, .method = TORI_POST, .path = "/login", .decide = login);
ENDPOINT(inject_get, .method = TORI_GET, .path = "/inject", .decide = inject);
ENDPOINT(page_get, .method = TORI_GET, .path = "/page", .decide = page, .page = true);
ENDPOINT(page_refuse, .method = TORI_GET, .path = "/page/refuse", .decide = refuse, .page = true);
ENDPOINT(code_get, .method = TORI_GET, .path = "/code", .rate = TORI_RATE_CODE, .decide = who);

const struct tori_endpoint_entry tori_test_endpoints[] = {
    {"echo", &echo_post},
    {"echo_put", &echo_put},
    {"who", &who_get},
    {"once", &who_once},
    {"session", &session_get},
    {"channel", &channel_get},
    {"admin", &admin_get},
    {"refuse", &refuse_get},
    {"login", &login_post},
    {"inject", &inject_get},
    {"page", &page_get},
    {"page_refuse", &page_refuse},
    {"code", &code_get},
    {"healthz", &tori_endpoint_healthz},
    {"readyz", &tori_endpoint_readyz},
    {"metrics", &tori_endpoint_metrics},
    {"static", &tori_endpoint_static},
};
const size_t tori_test_endpoint_count =
    sizeof(tori_test_endpoints) / sizeof(tori_test_endpoints[0]);
