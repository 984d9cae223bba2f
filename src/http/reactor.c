/* A reactor: one thread, one loop, a listening socket per listener, the connections it accepted. */
#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http/reactor_int.h"

enum { LISTEN_BACKLOG = 511, TICK_MS = 50 };

static struct reactor *reactor_of(struct tori_edge *edge)
{
    return (struct reactor *)(void *)edge;
}

static const struct tori_server_limits *limits(const struct reactor *r)
{
    return &r->edge.server->config.limits;
}

static struct link *new_link(struct listener *listener)
{
    struct reactor *r = listener->reactor;
    struct link *link = tori_heap_take(sizeof(*link));
    if (link == NULL)
        return NULL;

    link->reactor = r;
    link->conn.edge = &r->edge;
    link->conn.site = listener->site;
    link->conn.deadline_ms = r->edge.now_ms + limits(r)->head_ms;
    link->write_deadline_ms = INT64_MAX;
    link->linger_deadline_ms = INT64_MAX;
    int result = listener->site->local ? uv_pipe_init(&r->loop, &link->socket.pipe, 0)
                                       : uv_tcp_init(&r->loop, &link->socket.tcp);
    if (result != 0) {
        tori_heap_free(link);
        return NULL;
    }
    link->socket.handle.data = link;
    link->next = r->links;
    if (r->links != NULL)
        r->links->prev = link;
    r->links = link;
    tori_count(&r->edge, TORI_COUNT_ACCEPTED);
    atomic_fetch_add(&r->edge.server->connections, 1);
    return link;
}

static void on_connection(uv_stream_t *server, int status)
{
    struct listener *listener = server->data;
    struct reactor *r = listener->reactor;

    tori_reactor_awake(r);
    struct link *link = status == 0 ? new_link(listener) : NULL;
    if (link == NULL)
        return;
    if (uv_accept(server, &link->socket.stream) == 0)
        tori_link_open(link);
    else
        tori_link_close(link);
}

static struct tori_result failed(struct tori_ctx *cx, const char *what, int code)
{
    return TORI_FAIL(cx, INTERNAL, tori_word("libuv", what), tori_i64("code", code));
}

static struct tori_result open_listener(struct tori_ctx *cx, struct reactor *r,
                                        struct listener *listener)
{
    struct tori_site *site = listener->site;
    int *fd = &site->fd[r->index];
    int result = site->local ? uv_pipe_init(&r->loop, &listener->socket.pipe, 0)
                             : uv_tcp_init(&r->loop, &listener->socket.tcp);
    if (result != 0)
        return failed(cx, "init", result);

    listener->open = true;
    listener->socket.handle.data = listener;
    result = site->local ? uv_pipe_open(&listener->socket.pipe, *fd)
                         : uv_tcp_open(&listener->socket.tcp, *fd);
    if (result != 0)
        return failed(cx, "open", result);
    *fd = 0; /* the loop closes it */
    result = uv_listen(&listener->socket.stream, LISTEN_BACKLOG, on_connection);
    return result == 0 ? TORI_OK : failed(cx, "listen", result);
}

static void close_listeners(struct reactor *r)
{
    for (size_t i = 0; i < r->listener_count; i++) {
        if (r->listener[i].open)
            uv_close(&r->listener[i].socket.handle, NULL);
        r->listener[i].open = false;
    }
}

static void begin_drain(struct reactor *r)
{
    r->edge.draining = true;
    r->cut_at_ms = r->edge.now_ms + atomic_load(&r->grace_ms);
    close_listeners(r);
    for (struct link *link = r->links; link != NULL; link = link->next)
        tori_conn_drain(&link->conn);
}

/* Over when every connection is closed and every command is back. */
static void go_on_draining(struct reactor *r)
{
    if (r->edge.now_ms >= r->cut_at_ms)
        for (struct link *link = r->links; link != NULL; link = link->next)
            tori_link_close(link);
    if (r->links != NULL || r->edge.in_flight > 0 || atomic_load(&r->edge.wakers) > 0 ||
        r->finished)
        return;
    r->finished = true;
    uv_close((uv_handle_t *)&r->tick, NULL);
    uv_close((uv_handle_t *)&r->before, NULL);
    uv_close((uv_handle_t *)&r->bell, NULL);
}

static void listen_to_others(struct reactor *r)
{
    tori_reactor_awake(r);
    tori_edge_collect(&r->edge);
    if (atomic_load(&r->stop) && !r->edge.draining)
        begin_drain(r);
}

static void on_bell(uv_poll_t *bell, int status, int events)
{
    struct reactor *r = bell->data;
    uint64_t times;

    (void)status, (void)events;
    ssize_t ignored = read(r->bell_fd, &times, sizeof(times)); /* not blocking: nothing is lost */
    (void)ignored;
    listen_to_others(r);
}

static void ring(struct reactor *r)
{
    uint64_t once = 1;
    ssize_t ignored = write(r->bell_fd, &once, sizeof(once)); /* full: it has rung already */
    (void)ignored;
}

/* Whoever has an answer rings only if we sleep; so say that we will, and look once more. */
static void on_before(uv_prepare_t *before)
{
    struct reactor *r = before->data;

    atomic_store(&r->asleep, true);
    if (atomic_load(&r->edge.done) == NULL)
        return;
    listen_to_others(r);
    /* What came while we listened did not ring, and the loop is about to sleep all the same. */
    atomic_store(&r->asleep, true);
    if (atomic_load(&r->edge.done) != NULL)
        ring(r);
}

static void on_tick(uv_timer_t *timer)
{
    struct reactor *r = timer->data;

    tori_reactor_awake(r);
    for (struct link *link = r->links; link != NULL; link = link->next)
        tori_link_tick(link);
    if (r->edge.draining)
        go_on_draining(r);
}

/* uv_async_send() would do, but in libuv 1.44 the woken loop spins until the waker has returned. */
static void wake(struct tori_edge *edge)
{
    struct reactor *r = reactor_of(edge);

    if (atomic_exchange(&r->asleep, false))
        ring(r);
}

static struct tori_result build(struct tori_ctx *cx, struct reactor *r)
{
    struct tori_server *server = r->edge.server;
    int result = uv_poll_init(&r->loop, &r->bell, r->bell_fd);
    if (result != 0)
        return failed(cx, "bell", result);
    uv_timer_init(&r->loop, &r->tick);
    uv_prepare_init(&r->loop, &r->before);
    r->bell.data = r;
    r->tick.data = r;
    r->before.data = r;
    result = uv_poll_start(&r->bell, UV_READABLE, on_bell);
    if (result == 0)
        result = uv_timer_start(&r->tick, on_tick, TICK_MS, TICK_MS);
    if (result == 0)
        result = uv_prepare_start(&r->before, on_before);
    if (result != 0)
        return failed(cx, "handles", result);

    for (size_t i = 0; i < server->config.listener_count; i++) {
        struct listener *listener = &r->listener[r->listener_count++];
        listener->reactor = r;
        listener->site = &server->site[i];
        TORI_TRY(open_listener(cx, r, listener));
    }
    return TORI_OK;
}

struct tori_result tori_reactor_new(struct tori_ctx *cx, struct tori_server *server, size_t index,
                                    struct tori_edge **out)
{
    struct reactor *r = tori_heap_take(sizeof(*r));
    if (r == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    r->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int result = r->bell_fd < 0 ? -errno : uv_loop_init(&r->loop);
    if (result != 0) {
        if (r->bell_fd >= 0)
            close(r->bell_fd);
        tori_heap_free(r);
        return failed(cx, "loop", result);
    }

    tori_edge_begin(&r->edge, server);
    r->edge.wake = wake;
    r->index = index;
    struct tori_result built = build(cx, r);
    if (TORI_FAILED(built)) {
        tori_reactor_free(&r->edge);
        return built;
    }
    *out = &r->edge;
    return TORI_OK;
}

static void *run(void *arg)
{
    struct reactor *r = arg;

    uv_run(&r->loop, UV_RUN_DEFAULT);
    return NULL;
}

/* Signals are for the main thread; and a client that is gone must not end us by SIGPIPE. */
struct tori_result tori_reactor_start(struct tori_ctx *cx, struct tori_edge *edge)
{
    struct reactor *r = reactor_of(edge);
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int result = pthread_create(&r->thread, NULL, run, r);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (result != 0)
        return failed(cx, "thread", result);
    r->running = true;
    return TORI_OK;
}

void tori_reactor_stop(struct tori_edge *edge, int64_t grace_ms)
{
    struct reactor *r = reactor_of(edge);

    atomic_store(&r->grace_ms, grace_ms);
    atomic_store(&r->stop, true);
    ring(r); /* asleep or not: nobody looks at `stop` but who hears the bell */
}

void tori_reactor_join(struct tori_edge *edge)
{
    struct reactor *r = reactor_of(edge);

    if (r->running)
        pthread_join(r->thread, NULL);
    r->running = false;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void tori_reactor_free(struct tori_edge *edge)
{
    struct reactor *r = reactor_of(edge);

    /* Only a reactor that never ran has handles left. */
    uv_walk(&r->loop, close_handle, NULL);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    uv_loop_close(&r->loop);
    close(r->bell_fd);
    tori_edge_end(edge);
    tori_wipe(r->in, sizeof(r->in));
    tori_wipe(r->plain, sizeof(r->plain));
    tori_heap_free(r->out.at);
    tori_heap_free(r);
}
