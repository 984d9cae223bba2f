/* A connection's bytes: in one piece, byte by byte and in pieces of random size they give the same
 * requests and the same answers, and all that is answered is well-formed. Bytes that name the host
 * of the customers' pages come to that listener, behind a proxy; all others to the channels'. */
#include "test/fuzz/fuzz.h"

#include <stdlib.h>

#include "http/http_int.h"

enum { SEEN_MAX = 4096, SENT_MAX = 1024 * 1024 };

/* What one passage of the bytes came to. */
struct passage {
    uint8_t seen[SEEN_MAX]; /* what endpoints were given, in order */
    size_t seen_len;
    char sent[SENT_MAX];
    size_t sent_len;
    size_t requests;
    bool finished;
    struct tori_command *waiting;
};

static struct passage passages[3];
static struct passage *now;

static void see(struct tori_str s)
{
    for (size_t i = 0; i < s.len && now->seen_len < SEEN_MAX; i++)
        now->seen[now->seen_len++] = (uint8_t)s.at[i];
}

struct text {
    struct tori_str text;
};

static const struct tori_field fields[] = {TORI_TEXT(struct text, text, 0, 65536), TORI_FIELDS_END};

static TORI_RESULT echo(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    (void)cx, (void)out;
    see(TORI_STR("echo:"));
    see(((const struct text *)in)->text);
    return TORI_OK;
}

static TORI_RESULT who(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    (void)in;
    see(TORI_STR("who:"));
    see(cx->caller->path[0]);
    tori_reply_text(out, "name", cx->caller->path[0]);
    return TORI_OK;
}

static const struct tori_endpoint echo_post = {.listener = TORI_LISTENER_CHANNEL,
                                               .method = TORI_POST,
                                               .path = "/echo",
                                               .fields = fields,
                                               .input_size = sizeof(struct text),
                                               .decide = echo};
static const struct tori_endpoint who_get = {
    .listener = TORI_LISTENER_CHANNEL, .method = TORI_GET, .path = "/who/{name}", .decide = who};
static const struct tori_endpoint quick_get = {
    .listener = TORI_LISTENER_CHANNEL, .method = TORI_GET, .path = "/quick/{name}", .finish = who};
static const struct tori_endpoint own_post = {.listener = TORI_LISTENER_CUSTOMER,
                                              .method = TORI_POST,
                                              .path = "/own",
                                              .auth = TORI_AUTH_SESSION,
                                              .idempotency = true,
                                              .fields = fields,
                                              .input_size = sizeof(struct text),
                                              .decide = echo};
static const struct tori_endpoint visit_get = {.listener = TORI_LISTENER_CUSTOMER,
                                               .method = TORI_GET,
                                               .path = "/visit/{name}",
                                               .auth = TORI_AUTH_VISIT,
                                               .decide = who};
static const struct tori_endpoint_entry endpoints[] = {{"echo", &echo_post},
                                                       {"who", &who_get},
                                                       {"quick", &quick_get},
                                                       {"own", &own_post},
                                                       {"visit", &visit_get}};

static bool on_send(struct tori_conn *conn, struct tori_bytes head, struct tori_bytes body)
{
    (void)conn;
    assert(!now->finished);
    if (head.len + body.len > SENT_MAX - now->sent_len)
        abort();
    memcpy(now->sent + now->sent_len, head.at, head.len);
    now->sent_len += head.len;
    if (body.len > 0)
        memcpy(now->sent + now->sent_len, body.at, body.len);
    now->sent_len += body.len;
    return true;
}

static void on_finish(struct tori_conn *conn)
{
    (void)conn;
    now->finished = true;
}

static const struct tori_conn_ops ops = {on_send, on_finish};

static void wake(struct tori_edge *edge)
{
    (void)edge;
}

static void submit(struct tori_pipeline *pipeline, struct tori_command *command)
{
    (void)pipeline;
    assert(now->waiting == NULL); /* one after the other */
    now->waiting = command;
    now->requests++;
}

static TORI_RESULT run(struct tori_command *c)
{
    TORI_TRY(c->prepare(&c->cx, c->in));
    TORI_TRY(c->decide(&c->cx, c->in, &c->reply));
    tori_reply_end(&c->reply);
    return TORI_OK;
}

static void answer_waiting(struct tori_edge *edge)
{
    while (now->waiting != NULL) {
        struct tori_command *command = now->waiting;
        now->waiting = NULL;
        struct tori_result result = run(command);
        if (TORI_FAILED(result))
            tori_reply_problem(&command->cx, &command->reply, result.err);
        command->done(command);
        tori_edge_collect(edge);
    }
}

/* A server without sockets, made once. */
static struct tori_edge *edge_of(struct tori_ctx *cx)
{
    static const struct tori_listener_config config[2] = {
        {.role = TORI_LISTENER_CHANNEL},
        {.role = TORI_LISTENER_CUSTOMER, .forwarded_header = "x-forwarded-for"}};
    static const char *const host[2] = {"channel.test", "auth.test"};
    static struct tori_server server;
    static struct tori_edge edge;

    if (edge.server != NULL)
        return &edge;
    server.config.endpoints = endpoints;
    server.config.endpoint_count = sizeof(endpoints) / sizeof(endpoints[0]);
    server.config.limits = tori_server_limits_default();
    server.config.submit = submit;
    server.limits = tori_limits_new(16, 16, server.config.limits.rate);
    server.arena = tori_arena_new(64 * 1024);
    struct tori_arena *arena = cx->arena;
    cx->arena = server.arena;
    for (int i = 0; i < 2; i++) {
        server.site[i].config = &config[i];
        server.site[i].host[0] = tori_str_z(host[i]);
        server.site[i].host_count = 1;
        server.site[i].origin[0] = TORI_STR("https://auth.test");
        struct tori_result made = tori_site_headers(cx, &server.site[i]);
        assert(!TORI_FAILED(made));
    }
    cx->arena = arena;
    tori_edge_begin(&edge, &server);
    edge.wake = wake;
    return &edge;
}

/* piece 0: pieces of a size that the bytes themselves choose. */
static void pass(struct tori_edge *edge, struct tori_bytes in, size_t piece)
{
    bool customers = in.len > 0 && memmem(in.at, in.len, "auth.test", 9) != NULL;
    struct tori_conn conn = {.edge = edge,
                             .site = &edge->server->site[customers],
                             .ops = &ops,
                             .peer_is_proxy = customers};
    uint32_t dice = (uint32_t)in.len * 2654435761u + 1;

    now->seen_len = now->sent_len = now->requests = 0;
    now->finished = false;
    assert(tori_conn_begin(&conn));
    for (size_t at = 0; at < in.len && !now->finished;) {
        dice = dice * 1664525u + 1013904223u;
        size_t n = piece != 0 ? piece : dice >> 16 & 63;
        n = n < in.len - at ? n : in.len - at;
        tori_conn_input(&conn, (struct tori_bytes){in.at + at, n});
        answer_waiting(edge);
        at += n;
    }
    if (!now->finished)
        tori_conn_eof(&conn);
    answer_waiting(edge);
    assert(now->finished); /* the client has ended, so have we */
    tori_conn_end(&conn);
    tori_conn_free(&conn);
}

/* The statuses of well-formed answers, each with its length; anything else aborts. */
static size_t read_answers(const struct passage *p, uint16_t status[static 64])
{
    size_t count = 0;
    struct tori_str rest = {p->sent, p->sent_len};

    while (rest.len > 0) {
        assert(rest.at != NULL && tori_str_starts(rest, TORI_STR("HTTP/1.1 ")) && rest.len > 12);
        const char *end = memmem(rest.at, rest.len, "\r\n\r\n", 4);
        assert(end != NULL);
        size_t head = (size_t)(end - rest.at) + 4;
        const char *length = memmem(rest.at, head, "\r\nContent-Length: ", 18);
        size_t body = length == NULL ? 0 : (size_t)strtoul(length + 18, NULL, 10);
        uint16_t code = (uint16_t)strtoul(rest.at + 9, NULL, 10);
        if (count < 64)
            status[count++] = code;
        bool no_body = rest.len - head < body || memcmp(rest.at + head, "{", body > 0 ? 1 : 0) != 0;
        assert(!no_body || body > 0); /* the answer to HEAD names a length and has no body */
        rest = (struct tori_str){rest.at + head, rest.len - head};
        body = no_body ? 0 : body;
        rest = (struct tori_str){rest.at + body, rest.len - body};
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t pieces[3] = {SIZE_MAX, 1, 0};
    uint16_t status[3][64];
    size_t count[3];
    struct tori_ctx *cx = fuzz_begin();
    struct tori_edge *edge = edge_of(cx);

    if (size > 128 * 1024)
        return 0;
    for (int i = 0; i < 3; i++) {
        now = &passages[i];
        pass(edge, (struct tori_bytes){data, size}, pieces[i]);
        count[i] = read_answers(now, status[i]);
        assert(edge->in_flight == 0 && now->requests <= count[i]);
    }
    for (int i = 1; i < 3; i++) {
        assert(count[i] == count[0]);
        assert(memcmp(status[i], status[0], count[0] * sizeof(status[0][0])) == 0);
        assert(passages[i].seen_len == passages[0].seen_len);
        assert(memcmp(passages[i].seen, passages[0].seen, passages[0].seen_len) == 0);
    }
    return 0;
}
