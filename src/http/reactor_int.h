/* A reactor and its connections, for the two files that know libuv: link.c moves the bytes of one
 * connection, reactor.c runs the loop. */
#ifndef TORI_HTTP_REACTOR_INT_H
#define TORI_HTTP_REACTOR_INT_H

#include <pthread.h>
#include <uv.h>

#include "http/http_int.h"
#include "http/tls.h"

enum { READ_ROOM = 16 * 1024 };

union stream {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
};

struct reactor;

/* A connection with its socket. */
struct link {
    struct tori_conn conn;
    struct reactor *reactor;
    union stream socket;
    uv_shutdown_t shutdown;
    struct tori_tls *tls;
    struct link *next, *prev;
    size_t queued; /* bytes the kernel would not take yet */
    int64_t write_deadline_ms;
    int64_t linger_deadline_ms;
    uint8_t *preface; /* a PROXY header that is not complete */
    size_t preface_len;
    bool begun; /* past the PROXY header */
    bool reading;
    bool ending;  /* the last answer was sent */
    bool closing; /* uv_close was called */
};

struct listener {
    union stream socket;
    struct reactor *reactor;
    struct tori_site *site;
    bool open;
};

struct reactor {
    struct tori_edge edge; /* first: an edge is its reactor */
    size_t index;
    uv_loop_t loop;
    uv_prepare_t before; /* the loop goes to sleep */
    uv_poll_t bell;      /* rung by other threads */
    int bell_fd;
    atomic_bool asleep;
    uv_timer_t tick;
    pthread_t thread;
    bool running;
    struct listener listener[TORI_LISTENERS_MAX];
    size_t listener_count;
    struct link *links;
    struct tori_tls_out out;
    uint8_t in[READ_ROOM];
    uint8_t plain[READ_ROOM];
    atomic_bool stop;
    _Atomic int64_t grace_ms;
    int64_t cut_at_ms; /* while draining */
    bool finished;
};

/* At the begin of every callback: the time, and no need to ring. */
static inline void tori_reactor_awake(struct reactor *r)
{
    r->edge.now_ms = tori_clock_steady_ms();
    atomic_store_explicit(&r->asleep, false, memory_order_relaxed);
}

/* Begins to serve an accepted socket, or closes it when it is not welcome. */
void tori_link_open(struct link *link);
/* Its deadlines, at each tick. */
void tori_link_tick(struct link *link);
void tori_link_close(struct link *link);

#endif
