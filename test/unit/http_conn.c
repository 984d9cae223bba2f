/* A connection without a socket, with memory that runs out at every place: whatever happens, an
 * answer of success means that the endpoint has run, and nothing is lost or leaked. */
#include "test/unit/unit.h"

#include "http/http_int.h"

struct world {
    struct tori_server server;
    struct tori_edge edge;
    struct tori_conn conn;
    struct tori_command *waiting;
    char sent[65536];
    size_t sent_len;
    int runs;
    bool finished;
};

static struct world world;

static bool on_send(struct tori_conn *conn, struct tori_bytes head, struct tori_bytes body)
{
    (void)conn;
    assert_true(head.len + body.len < sizeof(world.sent) - world.sent_len);
    memcpy(world.sent + world.sent_len, head.at, head.len);
    world.sent_len += head.len;
    if (body.len > 0)
        memcpy(world.sent + world.sent_len, body.at, body.len);
    world.sent_len += body.len;
    return true;
}

static void on_finish(struct tori_conn *conn)
{
    (void)conn;
    world.finished = true;
}

static const struct tori_conn_ops ops = {on_send, on_finish};

static void wake(struct tori_edge *edge)
{
    (void)edge;
}

static void submit(struct tori_pipeline *pipeline, struct tori_command *command)
{
    (void)pipeline;
    world.waiting = command;
}

struct text {
    struct tori_str text;
};

static TORI_RESULT echo(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    (void)cx;
    world.runs++;
    tori_reply_text(out, "text", ((const struct text *)in)->text);
    return TORI_OK;
}

static const struct tori_field fields[] = {TORI_TEXT(struct text, text, 0, 4096), TORI_FIELDS_END};
static const struct tori_endpoint echo_post = {.listener = TORI_LISTENER_CHANNEL,
                                               .method = TORI_POST,
                                               .path = "/echo/{name}",
                                               .fields = fields,
                                               .input_size = sizeof(struct text),
                                               .decide = echo};
static const struct tori_endpoint_entry endpoints[] = {{"echo", &echo_post}};
static const struct tori_listener_config listener = {.role = TORI_LISTENER_CHANNEL};

static void begin(struct tori_ctx *cx)
{
    struct tori_arena *arena = cx->arena;

    memset(&world, 0, sizeof(world));
    world.server.config.endpoints = endpoints;
    world.server.config.endpoint_count = 1;
    world.server.config.limits = tori_server_limits_default();
    world.server.config.submit = submit;
    world.server.limits = tori_limits_new(16, 2, world.server.config.limits.rate);
    world.server.arena = tori_arena_new(64 * 1024);
    world.server.site[0].config = &listener;
    world.server.site[0].host[0] = TORI_STR("channel.test");
    world.server.site[0].host_count = 1;
    cx->arena = world.server.arena;
    assert_ok(cx, tori_site_headers(cx, &world.server.site[0]));
    cx->arena = arena;
    tori_edge_begin(&world.edge, &world.server);
    world.edge.wake = wake;
    world.conn.edge = &world.edge;
    world.conn.site = &world.server.site[0];
    world.conn.ops = &ops;
    assert_true(tori_conn_begin(&world.conn));
}

static void end(void)
{
    tori_conn_end(&world.conn);
    tori_conn_free(&world.conn);
    tori_edge_end(&world.edge);
    tori_limits_free(world.server.limits);
    tori_arena_free(world.server.arena);
}

static TORI_RESULT run(struct tori_command *c)
{
    TORI_TRY(c->prepare(&c->cx, c->in));
    TORI_TRY(c->decide(&c->cx, c->in, &c->reply));
    tori_reply_end(&c->reply);
    return TORI_OK;
}

static void answer(struct tori_command *command)
{
    struct tori_result result = run(command);
    if (TORI_FAILED(result))
        tori_reply_problem(&command->cx, &command->reply, result.err);
    command->done(command);
    tori_edge_collect(&world.edge);
}

static void give(const char *text)
{
    tori_conn_input(&world.conn, tori_str_bytes(tori_str_z(text)));
    if (world.waiting == NULL)
        return;
    struct tori_command *command = world.waiting;
    world.waiting = NULL;
    answer(command);
}

static const char head[] = "POST /echo/a%20b HTTP/1.1\r\nHost: channel.test\r\n"
                           "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

static void post_in_pieces(void)
{
    give("POST /echo/a%20b HTT");
    give(head + 20);
    give("b\r\n{\"text\":\"x\"");
    give("\r\n1\r\n}\r\n0\r\n\r\n");
}

static bool said(const char *what)
{
    return memmem(world.sent, world.sent_len, what, strlen(what)) != NULL;
}

static void a_request_in_pieces_is_answered(void **state)
{
    begin(*state);
    post_in_pieces();
    assert_int_equal(world.runs, 1);
    assert_true(said("HTTP/1.1 200 OK\r\n"));
    assert_true(said("{\"text\":\"x\"}"));
    assert_false(world.finished);
    end();
}

#ifdef TORI_TEST_BUILD
static void memory_that_runs_out_is_never_a_success(void **state)
{
    bool success = false;

    /* A request makes fewer allocations than this, so the last rounds are whole. */
    for (unsigned long nth = 1; nth < 100; nth++) {
        begin(*state);
        tori_alloc_fail_at(nth);
        post_in_pieces();
        tori_alloc_fail_at(0);
        success = said("HTTP/1.1 2");
        assert_int_equal(success, world.runs == 1 && said("{\"text\":\"x\"}"));
        assert_true(success || said("HTTP/1.1 5") || said("HTTP/1.1 4") || world.finished);
        end();
    }
    assert_true(success);
}
#endif

static void an_answer_after_the_end_is_dropped(void **state)
{
    begin(*state);
    tori_conn_input(&world.conn, tori_str_bytes(tori_str_z(head)));
    tori_conn_input(&world.conn,
                    tori_str_bytes(TORI_STR("b\r\n{\"text\":\"x\"\r\n1\r\n}\r\n0\r\n\r\n")));
    assert_non_null(world.waiting);
    tori_conn_end(&world.conn);
    answer(world.waiting);
    assert_int_equal(world.sent_len, 0);
    assert_int_equal(world.edge.in_flight, 0);
    assert_int_equal(atomic_load(&world.edge.count[TORI_COUNT_LOST]), 1);
    end();
}

static void requests_behind_one_in_flight_wait(void **state)
{
    static const char next[] =
        "POST /echo/b HTTP/1.1\r\nHost: channel.test\r\nContent-Length: 12\r\n"
        "Content-Type: application/json\r\n\r\n{\"text\":\"y\"}";
    begin(*state);
    tori_conn_input(&world.conn, tori_str_bytes(tori_str_z(next)));
    struct tori_command *first = world.waiting;
    world.waiting = NULL;
    tori_conn_input(&world.conn, tori_str_bytes(tori_str_z(next)));
    assert_null(world.waiting);
    assert_false(tori_conn_is_full(&world.conn));
    for (size_t i = 0; i < TORI_HEAD_CAP / (sizeof(next) - 1); i++)
        tori_conn_input(&world.conn, tori_str_bytes(tori_str_z(next)));
    assert_true(tori_conn_is_full(&world.conn)); /* no more is read from the socket now */
    answer(first);
    assert_int_equal(world.runs, 1);
    assert_non_null(world.waiting);
    answer(world.waiting);
    end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        unit(a_request_in_pieces_is_answered),
#ifdef TORI_TEST_BUILD
        unit(memory_that_runs_out_is_never_a_success),
#endif
        unit(an_answer_after_the_end_is_dropped),
        unit(requests_behind_one_in_flight_wait),
    };
    return tori_unit_run("http_conn", tests);
}
