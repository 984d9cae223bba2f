/* Between head and body: everything about a request that can be judged without its body. */
#include <stdio.h>
#include <string.h>

#include "http/cookie.h"
#include "http/http_int.h"
#include "http/language.h"

enum { QUICK_BODY = 8 * 1024 }; /* more JSON than this is for a worker to read */

/* Fields of which a second one would be read differently by somebody. */
static struct tori_result check_single(struct tori_ctx *cx, const struct tori_head *head)
{
    static const struct tori_str name[] = {
        TORI_STR_INIT("host"),           TORI_STR_INIT("content-type"),
        TORI_STR_INIT("cookie"),         TORI_STR_INIT("origin"),
        TORI_STR_INIT("sec-fetch-site"), TORI_STR_INIT("idempotency-key"),
        TORI_STR_INIT("traceparent"),    TORI_STR_INIT("expect"),
        TORI_STR_INIT("user-agent"),     TORI_STR_INIT("if-none-match"),
        TORI_STR_INIT("authorization"),
    };

    for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
        if (tori_head_count(head, name[i]) > 1)
            return TORI_FAIL(cx, BAD_REQUEST, tori_text("twice", name[i]));
    return TORI_OK;
}

/* RFC 9112 §3.2, and exactly one of the hosts this listener answers for. */
static struct tori_result check_host(struct tori_exchange *exchange, size_t *which)
{
    struct tori_ctx *cx = &exchange->command.cx;
    const struct tori_site *site = exchange->site;
    struct tori_str host = tori_head_value(&exchange->head, TORI_STR("host"));

    if (host.at == NULL)
        return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", "no_host"));
    for (size_t i = 0; i < site->host_count; i++) {
        if (!tori_str_eq(host, site->host[i]))
            continue;
        *which = i;
        return TORI_OK;
    }
    tori_count(exchange->edge, TORI_COUNT_HEAD_HOST);
    return TORI_FAIL(cx, MISDIRECTED);
}

/* The proxy nearest to us appends: the last address of the list is the one it saw itself. */
static void believe_proxy(const struct tori_exchange *exchange, struct tori_addr *client)
{
    const char *name = exchange->site->config->forwarded_header;
    if (name == NULL || !exchange->conn->peer_is_proxy)
        return;

    struct tori_str value = tori_head_value(&exchange->head, tori_str_z(name));
    for (size_t i = value.len; i > 0; i--) {
        if (value.at[i - 1] != ',' && value.at[i - 1] != ' ')
            continue;
        value = (struct tori_str){value.at + i, value.len - i};
        break;
    }
    (void)tori_addr_parse(value, client);
}

static struct tori_str short_utf8(struct tori_str s, size_t max)
{
    if (s.len > max)
        s.len = max;
    while (s.len > 0 && s.len == max && ((uint8_t)s.at[s.len - 1] & 0xc0) == 0x80)
        s.len--; /* not in the middle of a character */
    if (!tori_utf8_valid(tori_str_bytes(s)))
        return (struct tori_str){"", 0};
    return s;
}

static void set_caller(struct tori_exchange *exchange)
{
    struct tori_caller *caller = &exchange->command.caller;
    const struct tori_conn *conn = exchange->conn;
    struct tori_addr client = conn->peer;

    believe_proxy(exchange, &client);
    caller->ip = (struct tori_str){exchange->ip, tori_addr_print(&client, exchange->ip)};
    caller->port = client.port;
    caller->user_agent = short_utf8(tori_head_value(&exchange->head, TORI_STR("user-agent")), 256);
    caller->has_certificate = conn->has_certificate;
    caller->certificate_key = conn->certificate_key;
    caller->idempotency_key = tori_head_value(&exchange->head, TORI_STR("idempotency-key"));
    exchange->if_none_match = tori_head_value(&exchange->head, TORI_STR("if-none-match"));
}

static bool hex_lower(struct tori_str s)
{
    bool some = false;

    for (size_t i = 0; i < s.len; i++) {
        if (strchr("0123456789abcdef", s.at[i]) == NULL || s.at[i] == 0)
            return false;
        some = some || s.at[i] != '0';
    }
    return some; /* all zero means "none" */
}

/* W3C Trace Context §3.2: version, trace id, parent id, flags. A wrong one is as good as none. */
static void set_trace(struct tori_exchange *exchange)
{
    struct tori_str in = tori_head_value(&exchange->head, TORI_STR("traceparent"));
    const uint8_t *id = exchange->command.cx.request_id;
    struct tori_buf buf = tori_buf_new(exchange->arena, 64);
    bool ok = in.len == 55 && tori_str_starts(in, TORI_STR("00-")) && in.at[35] == '-' &&
              in.at[52] == '-' && hex_lower((struct tori_str){in.at + 3, 32}) &&
              hex_lower((struct tori_str){in.at + 36, 16});

    tori_buf_z(&buf, "00-");
    if (ok)
        tori_buf_bytes(&buf, in.at + 3, 32);
    else
        tori_buf_hex(&buf, (struct tori_bytes){id, 16});
    tori_buf_byte(&buf, '-');
    tori_buf_hex(&buf, (struct tori_bytes){id, 8});
    tori_buf_z(&buf, ok && (in.at[54] & 1) != 0 ? "-01" : "-00");
    exchange->traceparent = tori_buf_text(&buf);
    exchange->command.caller.traceparent = exchange->traceparent;
}

static struct tori_result set_cookies(struct tori_exchange *exchange, struct tori_str *lang)
{
    struct tori_ctx *cx = &exchange->command.cx;
    struct tori_caller *caller = &exchange->command.caller;
    struct tori_str field = tori_head_value(&exchange->head, TORI_STR("cookie"));
    enum tori_listener role = caller->listener;

    if (!tori_cookie_find(field, tori_cookie_name(role, TORI_COOKIE_SESSION), &caller->cookie) ||
        !tori_cookie_find(field, tori_cookie_name(role, TORI_COOKIE_VISIT), &caller->visit) ||
        !tori_cookie_find(field, tori_cookie_name(role, TORI_COOKIE_LANG), lang))
        return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", "cookie_twice"));
    return TORI_OK;
}

static struct tori_str split_target(struct tori_exchange *exchange)
{
    struct tori_str target = exchange->head.target;
    const char *mark = memchr(target.at, '?', target.len);

    if (mark == NULL)
        return target;
    size_t path = (size_t)(mark - target.at);
    exchange->command.caller.query = (struct tori_str){mark + 1, target.len - path - 1};
    return (struct tori_str){target.at, path};
}

static void set_language(struct tori_exchange *exchange, struct tori_str cookie)
{
    struct tori_language_hints hints = {
        .query = exchange->command.caller.query,
        .cookie = cookie,
        .accept = tori_head_value(&exchange->head, TORI_STR("accept-language")),
    };
    exchange->command.cx.lang = tori_language_choose(&hints, &exchange->set_lang);
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return (c | 0x20) - 'a' + 10; /* the join let only hex digits behind a percent sign */
}

/* Percent signs of a path part. What comes out must be text without control characters. */
static struct tori_result decode_part(struct tori_ctx *cx, struct tori_str *part)
{
    if (part->len == 0 || memchr(part->at, '%', part->len) == NULL)
        return TORI_OK;

    struct tori_buf buf = tori_buf_new(cx->arena, part->len);
    for (size_t i = 0; i < part->len; i++) {
        uint8_t c = (uint8_t)part->at[i];
        if (c == '%') {
            c = (uint8_t)(digit(part->at[i + 1]) << 4 | digit(part->at[i + 2]));
            i += 2;
        }
        if (c < 0x20 || c == 0x7f || c == '/')
            return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", "path_byte"));
        tori_buf_byte(&buf, c);
    }
    TORI_TRY(tori_buf_done(cx, &buf));
    if (!tori_utf8_valid(tori_buf_view(&buf)))
        return TORI_FAIL(cx, BAD_TEXT, tori_word("where", "path"));
    *part = tori_buf_text(&buf);
    return TORI_OK;
}

static struct tori_result find_endpoint(struct tori_exchange *exchange, struct tori_str path)
{
    struct tori_ctx *cx = &exchange->command.cx;
    struct tori_caller *caller = &exchange->command.caller;

    exchange->head_only = tori_str_eq(exchange->head.method, TORI_STR("HEAD"));
    exchange->endpoint = tori_route(exchange, path, caller, &exchange->allow);
    if (exchange->endpoint == NULL && exchange->allow != 0)
        return TORI_FAIL(cx, METHOD_NOT_ALLOWED);
    if (exchange->endpoint == NULL)
        return TORI_FAIL(cx, NOT_FOUND);
    for (size_t i = 0; i < sizeof(caller->path) / sizeof(caller->path[0]); i++)
        TORI_TRY(decode_part(cx, &caller->path[i]));
    return TORI_OK;
}

/* A process that does not own its shard answers for its own health and for nothing else. */
static struct tori_result check_owner(struct tori_exchange *exchange)
{
    const struct tori_server_config *config = &exchange->edge->server->config;
    tori_err why = TORI_ERR_NOT_OWNER;

    if (exchange->endpoint->listener == TORI_LISTENER_METRICS || config->owns == NULL ||
        config->owns(config->arg, &why))
        return TORI_OK;
    return tori_fail(&exchange->command.cx, why == TORI_ERR_NONE ? TORI_ERR_NOT_OWNER : why,
                     __FILE_NAME__, __LINE__, &(struct tori_kv){.kind = TORI_KV_END});
}

static bool is_browser_listener(enum tori_listener role)
{
    return role == TORI_LISTENER_CUSTOMER || role == TORI_LISTENER_OPERATOR;
}

/* Who sends a browser here? A change is taken from our own pages alone: browsers put Origin on
 * every POST, and Sec-Fetch-Site (Fetch Metadata §2.3) cannot be set by a script. Reading an answer
 * that is not a page is for our own pages too. */
static struct tori_result check_site(struct tori_exchange *exchange, size_t host)
{
    struct tori_ctx *cx = &exchange->command.cx;
    const struct tori_endpoint *endpoint = exchange->endpoint;
    struct tori_str origin = tori_head_value(&exchange->head, TORI_STR("origin"));
    struct tori_str site = tori_head_value(&exchange->head, TORI_STR("sec-fetch-site"));
    bool changes = endpoint->method != TORI_GET;

    if (!is_browser_listener(exchange->site->config->role))
        return TORI_OK;
    if (changes && !tori_str_eq(origin, exchange->site->origin[host]))
        return TORI_FAIL(cx, CROSS_SITE, tori_word("field", "origin"));
    if (site.at == NULL || tori_str_eq(site, TORI_STR("same-origin")))
        return TORI_OK;
    if (changes)
        return TORI_FAIL(cx, CROSS_SITE, tori_word("field", "sec-fetch-site"));
    if (endpoint->page || tori_str_eq(site, TORI_STR("none")))
        return TORI_OK;
    return TORI_FAIL(cx, CROSS_SITE, tori_word("field", "sec-fetch-site"));
}

static struct tori_result check_body(struct tori_exchange *exchange)
{
    struct tori_ctx *cx = &exchange->command.cx;
    const struct tori_head *head = &exchange->head;
    bool has_body = head->chunked || head->content_length > 0;
    struct tori_str type = tori_head_value(head, TORI_STR("content-type"));
    struct tori_str expect = tori_head_value(head, TORI_STR("expect"));

    if (expect.at != NULL && !tori_str_eq_case(expect, TORI_STR("100-continue")))
        return TORI_FAIL(cx, EXPECTATION);
    exchange->expects = expect.at != NULL;
    if (head->content_length > exchange->edge->server->config.limits.body)
        return TORI_FAIL(cx, TOO_LARGE, tori_u64("bytes", head->content_length));
    if (exchange->endpoint->fields == NULL && has_body)
        return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", "body_not_wanted"));
    if (exchange->endpoint->fields == NULL)
        return TORI_OK;
    if (!tori_str_eq_case(type, TORI_STR("application/json")) &&
        !tori_str_eq_case(type, TORI_STR("application/json; charset=utf-8")) &&
        !tori_str_eq_case(type, TORI_STR("application/json;charset=utf-8")))
        return TORI_FAIL(cx, BAD_MEDIA_TYPE);
    return TORI_OK;
}

static struct tori_result check_idempotency(struct tori_exchange *exchange)
{
    struct tori_ctx *cx = &exchange->command.cx;
    struct tori_str key = exchange->command.caller.idempotency_key;

    if (exchange->endpoint->idempotency && key.len == 0)
        return TORI_FAIL(cx, IDEMPOTENCY_KEY_MISSING);
    if (key.len > 128)
        return TORI_FAIL(cx, BAD_FIELD, tori_word("field", "idempotency-key"));
    for (size_t i = 0; i < key.len; i++)
        if ((uint8_t)key.at[i] <= 0x20 || (uint8_t)key.at[i] >= 0x7f)
            return TORI_FAIL(cx, BAD_FIELD, tori_word("field", "idempotency-key"));
    return TORI_OK;
}

static struct tori_result check_rate(struct tori_exchange *exchange)
{
    struct tori_addr client = exchange->conn->peer;

    believe_proxy(exchange, &client);
    int64_t wait_s = tori_limits_take(exchange->edge->server->limits, &client,
                                      exchange->endpoint->rate, exchange->edge->now_ms);
    if (wait_s == 0)
        return TORI_OK;
    exchange->command.reply.retry_after_s = wait_s;
    return TORI_FAIL(&exchange->command.cx, RATE_LIMITED);
}

struct tori_result tori_request_accept(struct tori_exchange *exchange)
{
    struct tori_str lang_cookie = {NULL, 0};
    struct tori_str path = split_target(exchange);
    size_t host = 0;

    set_caller(exchange);
    set_trace(exchange);
    set_language(exchange, lang_cookie);
    TORI_TRY(check_single(&exchange->command.cx, &exchange->head));
    TORI_TRY(check_host(exchange, &host));
    TORI_TRY(set_cookies(exchange, &lang_cookie));
    set_language(exchange, lang_cookie);
    TORI_TRY(find_endpoint(exchange, path));
    TORI_TRY(check_owner(exchange));
    TORI_TRY(check_rate(exchange));
    TORI_TRY(check_site(exchange, host));
    TORI_TRY(check_body(exchange));
    return check_idempotency(exchange);
}

static struct tori_result check_auth(struct tori_exchange *exchange)
{
    struct tori_ctx *cx = &exchange->command.cx;
    const struct tori_caller *caller = &exchange->command.caller;

    switch (exchange->endpoint->auth) {
    case TORI_AUTH_NONE:
        return TORI_OK;
    case TORI_AUTH_VISIT:
        if (caller->visit.len == 0)
            return TORI_FAIL(cx, INTERACTION_OTHER_BROWSER);
        return TORI_OK;
    case TORI_AUTH_SESSION:
        if (caller->cookie.len == 0)
            return TORI_FAIL(cx, NO_SESSION);
        return TORI_OK;
    case TORI_AUTH_CHANNEL:
        if (!caller->has_certificate)
            return TORI_FAIL(cx, CHANNEL_UNKNOWN);
        return TORI_OK;
    case TORI_AUTH_ADMIN:
        if (!exchange->site->local)
            return TORI_FAIL(cx, NOT_PERMITTED);
        return TORI_OK;
    }
    return TORI_FAIL(cx, INTERNAL);
}

static struct tori_result read_body(struct tori_exchange *exchange, void *in)
{
    struct tori_ctx *cx = &exchange->command.cx;
    struct tori_json json;

    TORI_TRY(tori_json_parse(cx, tori_buf_view(&exchange->body), &json));
    return tori_fields_read(cx, exchange->endpoint->fields, &json, in);
}

/* What every prepare begins with, on a worker: who is it, and what does the body say? */
static struct tori_result prepare(struct tori_ctx *cx, void *in)
{
    struct tori_exchange *exchange = tori_exchange_of(cx);
    const struct tori_server_config *config = &exchange->edge->server->config;
    const struct tori_endpoint *endpoint = exchange->endpoint;

    TORI_TRY(check_auth(exchange));
    if (config->authenticate != NULL)
        TORI_TRY(config->authenticate(cx, endpoint->auth, &exchange->command.caller));
    if (endpoint->fields != NULL)
        TORI_TRY(read_body(exchange, in));
    return endpoint->prepare == NULL ? TORI_OK : endpoint->prepare(cx, in);
}

bool tori_request_is_immediate(const struct tori_endpoint *endpoint)
{
    return endpoint->auth == TORI_AUTH_NONE && endpoint->fields == NULL &&
           endpoint->prepare == NULL && endpoint->decide == NULL;
}

struct tori_result tori_request_ready(struct tori_exchange *exchange)
{
    struct tori_command *command = &exchange->command;
    const struct tori_endpoint *endpoint = exchange->endpoint;

    if (endpoint->input_size > 0)
        TORI_TRY(tori_take(&command->cx, endpoint->input_size, &command->in));
    command->prepare = prepare;
    command->quick = endpoint->quick && exchange->body.len <= QUICK_BODY;
    command->decide = endpoint->decide;
    command->finish = endpoint->finish;
    return TORI_OK;
}
