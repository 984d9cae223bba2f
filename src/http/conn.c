/* One connection: bytes in, requests one after the other, answers in their order. */
#include <string.h>

#include "http/http_int.h"

enum { PENDING_CAP = TORI_HEAD_CAP };

static const struct tori_server_limits *limits(const struct tori_conn *conn)
{
    return &conn->edge->server->config.limits;
}

/* Counts among the connections without a complete request, or stops to. */
static bool wait_for_request(struct tori_conn *conn)
{
    if (!conn->waiting)
        conn->waiting = conn->peer_is_proxy || conn->site->local ||
                        tori_limits_enter(conn->edge->server->limits, &conn->peer);
    return conn->waiting;
}

static void wait_no_more(struct tori_conn *conn)
{
    if (conn->waiting && !conn->peer_is_proxy && !conn->site->local)
        tori_limits_leave(conn->edge->server->limits, &conn->peer);
    conn->waiting = false;
}

bool tori_conn_begin(struct tori_conn *conn)
{
    conn->phase = TORI_PHASE_HEAD;
    if (wait_for_request(conn))
        return true;
    tori_count(conn->edge, TORI_COUNT_TURNED_AWAY_ADDRESS);
    return false;
}

static void cut(struct tori_conn *conn)
{
    conn->phase = TORI_PHASE_ENDED;
    conn->ops->finish(conn);
}

/* Sends the answer of this exchange and takes the connection to its next request. */
static void answer(struct tori_conn *conn, struct tori_exchange *exchange)
{
    struct tori_answer_bytes bytes;
    bool close = exchange->close || conn->edge->draining || (conn->eof && conn->pending_len == 0);

    exchange->close = close;
    conn->exchange = NULL;
    conn->idle = true;
    conn->deadline_ms = conn->edge->now_ms + limits(conn)->idle_ms;
    if (!tori_respond(exchange, &bytes)) {
        tori_exchange_release(exchange);
        cut(conn);
        return;
    }
    bool taken = conn->ops->send(conn, bytes.head, bytes.body);
    tori_exchange_release(exchange);
    if (conn->phase == TORI_PHASE_ENDED)
        return;
    if (close) {
        cut(conn);
        return;
    }
    conn->phase = taken ? TORI_PHASE_HEAD : TORI_PHASE_FLUSH;
}

static void answer_problem(struct tori_exchange *exchange, tori_err err)
{
    exchange->command.reply.err = err;
    tori_problem_write(exchange);
    answer(exchange->conn, exchange);
}

/* The connection cannot go on: the bytes that follow may mean anything. */
static void refuse(struct tori_conn *conn, tori_err err, enum tori_count why)
{
    if (conn->exchange == NULL)
        conn->exchange = tori_exchange_take(conn->edge, conn);
    tori_count(conn->edge, why);
    wait_no_more(conn);
    if (conn->exchange == NULL) {
        cut(conn);
        return;
    }
    conn->exchange->close = true;
    answer_problem(conn->exchange, err);
}

static void dispatch(struct tori_conn *conn, struct tori_exchange *exchange)
{
    struct tori_command *command = &exchange->command;
    const struct tori_endpoint *endpoint = exchange->endpoint;

    wait_no_more(conn);
    conn->deadline_ms = INT64_MAX;
    struct tori_result result = tori_request_ready(exchange);
    if (!TORI_FAILED(result) && !tori_request_is_immediate(endpoint)) {
        conn->phase = TORI_PHASE_BUSY;
        exchange->in_flight = true;
        conn->edge->in_flight++;
        conn->edge->server->config.submit(conn->edge->server->pipeline, command);
        return;
    }
    if (!TORI_FAILED(result))
        result = endpoint->finish(&command->cx, command->in, &command->reply);
    if (TORI_FAILED(result)) {
        answer_problem(exchange, result.err);
        return;
    }
    tori_reply_end(&command->reply);
    answer(conn, exchange);
}

static struct tori_result read_head(struct tori_exchange *exchange, struct tori_bytes head)
{
    struct tori_ctx *cx = &exchange->command.cx;
    struct tori_bytes copy;

    TORI_TRY(tori_copy(cx, head, &copy));
    TORI_TRY(tori_join_new(cx, &exchange->join));
    return tori_join_head(cx, exchange->join, copy, &exchange->head);
}

static void begin_body(struct tori_conn *conn, struct tori_exchange *exchange)
{
    static const struct tori_str go_on = TORI_STR_INIT("HTTP/1.1 100 Continue\r\n\r\n");

    conn->phase = TORI_PHASE_BODY;
    conn->deadline_ms = conn->edge->now_ms + limits(conn)->body_ms;
    exchange->body = tori_buf_new(exchange->arena, limits(conn)->body);
    if (!exchange->expects)
        return;
    tori_count(conn->edge, TORI_COUNT_STATUS_1XX);
    (void)conn->ops->send(conn, tori_str_bytes(go_on), (struct tori_bytes){NULL, 0});
}

/* A whole head is there. */
static void start(struct tori_conn *conn, struct tori_bytes bytes)
{
    struct tori_exchange *exchange = tori_exchange_take(conn->edge, conn);

    conn->exchange = exchange;
    if (exchange == NULL) {
        cut(conn);
        return;
    }
    struct tori_result result = read_head(exchange, bytes);
    if (TORI_FAILED(result)) {
        refuse(conn, result.err, TORI_COUNT_HEAD_PARSE);
        return;
    }
    const struct tori_head *head = &exchange->head;
    bool has_body = head->chunked || head->content_length > 0;
    result = tori_request_accept(exchange);
    exchange->close = exchange->close || !head->keep_alive;
    if (TORI_FAILED(result)) {
        /* The next request on this connection could be what the sender of this one meant to
         * hide. */
        exchange->close = exchange->close || has_body || result.err == TORI_ERR_BAD_REQUEST ||
                          result.err == TORI_ERR_MISDIRECTED;
        wait_no_more(conn);
        answer_problem(exchange, result.err);
        return;
    }
    if (has_body)
        begin_body(conn, exchange);
    else
        dispatch(conn, exchange);
}

/* How many bytes of `view` were used; 0: the head is not complete. */
static size_t take_head(struct tori_conn *conn, struct tori_bytes view)
{
    size_t len = 0;

    if (conn->idle) {
        conn->idle = false;
        conn->deadline_ms = conn->edge->now_ms + limits(conn)->head_ms;
    }
    switch (tori_scan_head(&conn->scan, view, &len)) {
    case TORI_SCAN_MORE:
        return 0;
    case TORI_SCAN_BAD:
        refuse(conn, TORI_ERR_BAD_REQUEST, TORI_COUNT_HEAD_SCAN);
        return view.len;
    case TORI_SCAN_LARGE:
        refuse(conn, TORI_ERR_HEAD_TOO_LARGE, TORI_COUNT_HEAD_LARGE);
        return view.len;
    case TORI_SCAN_DONE:
        break;
    }
    conn->scan = (struct tori_scan){.at = 0};
    start(conn, (struct tori_bytes){view.at, len});
    return len;
}

static size_t take_body(struct tori_conn *conn, struct tori_bytes view)
{
    struct tori_exchange *exchange = conn->exchange;
    struct tori_join_input input = {view, &exchange->body};
    size_t used = 0;
    bool complete = false;

    struct tori_result result =
        tori_join_body(&exchange->command.cx, exchange->join, &input, &used, &complete);
    if (TORI_FAILED(result)) {
        refuse(conn, result.err, TORI_COUNT_BODY_BAD);
        return view.len;
    }
    if (complete)
        dispatch(conn, exchange);
    return used;
}

static size_t process(struct tori_conn *conn, struct tori_bytes view)
{
    size_t used = 0;

    while (used < view.len) {
        struct tori_bytes rest = {view.at + used, view.len - used};
        size_t n = 0;
        if (conn->phase == TORI_PHASE_HEAD)
            n = take_head(conn, rest);
        else if (conn->phase == TORI_PHASE_BODY)
            n = take_body(conn, rest);
        if (n == 0)
            break;
        used += n;
    }
    return conn->phase == TORI_PHASE_ENDED ? view.len : used;
}

static bool keep(struct tori_conn *conn, struct tori_bytes more)
{
    size_t room = conn->pending_room == 0 ? 1024 : conn->pending_room;

    while (room < conn->pending_len + more.len)
        room *= 2;
    if (room > conn->pending_room) {
        uint8_t *bigger = tori_heap_grow(conn->pending, room);
        if (bigger == NULL)
            return false;
        conn->pending = bigger;
        conn->pending_room = room;
    }
    if (more.len > 0)
        memcpy(conn->pending + conn->pending_len, more.at, more.len);
    conn->pending_len += more.len;
    return true;
}

static void drop_pending(struct tori_conn *conn, size_t used)
{
    conn->pending_len -= used;
    if (conn->pending_len > 0 && used > 0)
        memmove(conn->pending, conn->pending + used, conn->pending_len);
}

/* After bytes were used: is the client's part of a request here, and may he have it there? */
static void settle(struct tori_conn *conn)
{
    bool partial =
        (conn->phase == TORI_PHASE_HEAD && conn->pending_len > 0) || conn->phase == TORI_PHASE_BODY;

    if (partial && conn->eof) {
        refuse(conn, TORI_ERR_BAD_REQUEST,
               conn->phase == TORI_PHASE_BODY ? TORI_COUNT_BODY_BAD : TORI_COUNT_HEAD_SCAN);
        return;
    }
    if (partial && !wait_for_request(conn)) {
        tori_count(conn->edge, TORI_COUNT_TURNED_AWAY_ADDRESS);
        cut(conn);
        return;
    }
    if (conn->eof && conn->phase == TORI_PHASE_HEAD)
        cut(conn);
}

void tori_conn_input(struct tori_conn *conn, struct tori_bytes in)
{
    if (conn->phase == TORI_PHASE_ENDED)
        return;
    if (conn->pending_len == 0) {
        size_t used = process(conn, in);
        in = (struct tori_bytes){in.at + used, in.len - used};
        if (in.len > 0 && !keep(conn, in))
            cut(conn);
        settle(conn);
        return;
    }
    if (!keep(conn, in)) {
        cut(conn);
        return;
    }
    drop_pending(conn, process(conn, (struct tori_bytes){conn->pending, conn->pending_len}));
    settle(conn);
}

static void resume(struct tori_conn *conn)
{
    if (conn->pending_len > 0)
        drop_pending(conn, process(conn, (struct tori_bytes){conn->pending, conn->pending_len}));
    settle(conn);
}

void tori_conn_eof(struct tori_conn *conn)
{
    conn->eof = true;
    settle(conn);
}

void tori_conn_drained(struct tori_conn *conn)
{
    if (conn->phase != TORI_PHASE_FLUSH)
        return;
    conn->phase = TORI_PHASE_HEAD;
    resume(conn);
}

bool tori_conn_is_full(const struct tori_conn *conn)
{
    bool held = conn->phase == TORI_PHASE_BUSY || conn->phase == TORI_PHASE_FLUSH;
    return held && conn->pending_len >= PENDING_CAP;
}

void tori_conn_expire(struct tori_conn *conn)
{
    conn->deadline_ms = INT64_MAX;
    if (conn->phase == TORI_PHASE_BODY)
        refuse(conn, TORI_ERR_TIMEOUT, TORI_COUNT_BODY_SLOW);
    else if (conn->phase == TORI_PHASE_HEAD && conn->pending_len > 0)
        refuse(conn, TORI_ERR_TIMEOUT, TORI_COUNT_HEAD_SLOW);
    else if (conn->phase == TORI_PHASE_HEAD)
        cut(conn);
}

void tori_conn_drain(struct tori_conn *conn)
{
    if (conn->phase == TORI_PHASE_HEAD && conn->pending_len == 0)
        cut(conn);
}

void tori_conn_end(struct tori_conn *conn)
{
    struct tori_exchange *exchange = conn->exchange;
    wait_no_more(conn);
    conn->phase = TORI_PHASE_ENDED;
    conn->exchange = NULL;
    if (exchange != NULL)
        exchange->conn = NULL;
    if (exchange != NULL && !exchange->in_flight)
        tori_exchange_release(exchange);
}

void tori_conn_free(struct tori_conn *conn)
{
    if (conn->pending != NULL)
        tori_wipe(conn->pending, conn->pending_room);
    tori_heap_free(conn->pending);
}

static void take_back(struct tori_edge *edge, struct tori_command *command)
{
    struct tori_exchange *exchange = command->owner;
    struct tori_conn *conn = exchange->conn;

    edge->in_flight--;
    exchange->in_flight = false;
    if (conn == NULL || conn->phase == TORI_PHASE_ENDED) {
        if (conn != NULL)
            conn->exchange = NULL;
        tori_count(edge, TORI_COUNT_LOST);
        tori_exchange_release(exchange);
        return;
    }
    if (command->reply.err != TORI_ERR_NONE)
        tori_problem_write(exchange);
    conn->phase = TORI_PHASE_HEAD;
    answer(conn, exchange);
    if (conn->phase == TORI_PHASE_HEAD)
        resume(conn);
}

void tori_edge_collect(struct tori_edge *edge)
{
    struct tori_command *stack = atomic_exchange(&edge->done, NULL);
    struct tori_command *in_order = NULL;

    while (stack != NULL) {
        struct tori_command *next = stack->next;
        stack->next = in_order;
        in_order = stack;
        stack = next;
    }
    while (in_order != NULL) {
        struct tori_command *next = in_order->next;
        take_back(edge, in_order);
        in_order = next;
    }
}
