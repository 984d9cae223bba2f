/* What the files of this room share. A connection (conn.c) knows requests and answers but no
 * socket; the reactor (reactor.c) knows sockets and TLS but no request. */
#ifndef TORI_HTTP_INT_H
#define TORI_HTTP_INT_H

#include <stdatomic.h>

#include "http/join.h"
#include "http/server.h"

enum tori_count {
    TORI_COUNT_ACCEPTED, /* connections */
    TORI_COUNT_CLOSED,
    TORI_COUNT_TURNED_AWAY_FULL, /* connections refused, by reason */
    TORI_COUNT_TURNED_AWAY_ADDRESS,
    TORI_COUNT_TURNED_AWAY_PEER,
    TORI_COUNT_TLS_OK,
    TORI_COUNT_TLS_FAILED,
    TORI_COUNT_HEAD_SCAN, /* requests refused before they were understood, by reason */
    TORI_COUNT_HEAD_LARGE,
    TORI_COUNT_HEAD_PARSE,
    TORI_COUNT_HEAD_HOST,
    TORI_COUNT_HEAD_SLOW,
    TORI_COUNT_BODY_BAD,
    TORI_COUNT_BODY_SLOW,
    TORI_COUNT_STATUS_1XX, /* answers by class; 1XX is 100 Continue */
    TORI_COUNT_STATUS_2XX,
    TORI_COUNT_STATUS_3XX,
    TORI_COUNT_STATUS_4XX,
    TORI_COUNT_STATUS_5XX,
    TORI_COUNT_LOST, /* answers whose connection was gone */
    TORI_COUNT_COUNT
};

/* A listener, ready to be used. */
struct tori_site {
    const struct tori_listener_config *config;
    size_t host_count;
    struct tori_str host[TORI_HOSTS_MAX];
    struct tori_str
        origin[TORI_HOSTS_MAX]; /* "https://" + host: what a browser sends from our pages */
    size_t peer_count;
    struct tori_net peer[TORI_PEERS_MAX];
    bool secure; /* browsers see https */
    int fd[TORI_REACTORS_MAX];
    int port;
    bool local; /* a Unix socket */
    struct tori_tls_site *tls;
    struct tori_str headers[3]; /* the fixed headers of an answer, by enum tori_answer */
};

/* Which set of fixed headers an answer carries (headers.c). */
enum tori_answer { TORI_ANSWER_API, TORI_ANSWER_PAGE, TORI_ANSWER_PLAIN };

struct tori_metrics_hook {
    tori_metrics_fn *fn;
    void *arg;
};

struct tori_server {
    struct tori_server_config config;
    struct tori_pipeline *pipeline;
    struct tori_site site[TORI_LISTENERS_MAX];
    struct tori_limits *limits;
    struct tori_arena *arena; /* texts made at start */
    struct tori_edge *edge[TORI_REACTORS_MAX];
    size_t started;
    atomic_int connections;
    struct tori_metrics_hook hook[8];
    size_t hook_count;
};

struct tori_exchange;

enum { TORI_CHANCE = 4096 };

/* The part of a reactor that is not a socket. One thread's own, but for `done`. */
struct tori_edge {
    struct tori_server *server;
    int64_t now_ms; /* steady, as of the last event */
    bool draining;
    uint8_t chance[TORI_CHANCE]; /* of the kernel; what was given out is wiped */
    size_t chance_left;
    struct tori_exchange *spare; /* free list */
    size_t spare_count;
    size_t in_flight;                     /* commands that the pipeline holds */
    _Atomic(struct tori_command *) done;  /* a stack, filled by any thread */
    atomic_int wakers;                    /* threads that are just answering */
    void (*wake)(struct tori_edge *edge); /* from any thread */
    int64_t date_s;
    char date[32];
    _Atomic uint64_t count[TORI_COUNT_COUNT]; /* written by this thread alone */
};

static inline void tori_count(struct tori_edge *edge, enum tori_count which)
{
    uint64_t n = atomic_load_explicit(&edge->count[which], memory_order_relaxed);
    atomic_store_explicit(&edge->count[which], n + 1, memory_order_relaxed);
}

enum tori_phase {
    TORI_PHASE_HEAD,
    TORI_PHASE_BODY,
    TORI_PHASE_BUSY,  /* a command is in flight */
    TORI_PHASE_FLUSH, /* an answer is not yet taken by the client */
    TORI_PHASE_ENDED, /* nothing more is read or answered */
};

struct tori_conn;

/* What a connection asks of whoever moves its bytes. */
struct tori_conn_ops {
    /* Takes both parts at once, or a copy of them. False: some of it waits for the client, and
     * tori_conn_drained() will be called. */
    bool (*send)(struct tori_conn *conn, struct tori_bytes head, struct tori_bytes body);
    /* The last answer is sent: close when it has been taken. */
    void (*finish)(struct tori_conn *conn);
};

struct tori_conn {
    struct tori_edge *edge;
    struct tori_site *site;
    const struct tori_conn_ops *ops;
    struct tori_addr peer; /* the other end of the socket, or whom the PROXY header named */
    bool peer_is_proxy;    /* its forwarded_header is believed */
    bool has_certificate;
    struct tori_hash certificate_key;
    enum tori_phase phase;
    bool waiting; /* counted among the connections without a complete request */
    bool eof;     /* the client sends no more */
    bool idle;    /* between two requests */
    struct tori_scan scan;
    uint8_t *pending; /* bytes not yet used */
    size_t pending_len;
    size_t pending_room;
    int64_t deadline_ms;            /* INT64_MAX: none */
    struct tori_exchange *exchange; /* BODY, BUSY */
};

/* One request and its answer. */
struct tori_exchange {
    struct tori_command command;
    struct tori_edge *edge;
    struct tori_conn *conn; /* NULL: gone meanwhile */
    struct tori_site *site;
    struct tori_arena *arena;
    struct tori_join *join;
    const struct tori_endpoint *endpoint; /* NULL: refused before it was found */
    struct tori_head head;
    struct tori_buf body;
    bool in_flight; /* the pipeline holds it */
    bool head_only; /* HEAD */
    bool close;     /* after this answer */
    bool expects;   /* 100-continue */
    bool set_lang;  /* ?lang= was given: a cookie keeps it */
    unsigned allow; /* bit set of enum tori_method, for 405 */
    struct tori_str traceparent;
    struct tori_str if_none_match;
    char ip[TORI_ADDR_TEXT];
    struct tori_exchange *next_spare;
};

/* conn.c */
/* `site`, `ops`, `edge` and `peer` are set. False: this address has too many connections
 * already. */
bool tori_conn_begin(struct tori_conn *conn);
void tori_conn_input(struct tori_conn *conn, struct tori_bytes in);
void tori_conn_eof(struct tori_conn *conn);
void tori_conn_drained(struct tori_conn *conn);
void tori_conn_expire(struct tori_conn *conn);
/* True: no more bytes should be read for now. */
bool tori_conn_is_full(const struct tori_conn *conn);
/* No more requests; what is in flight is answered. */
void tori_conn_drain(struct tori_conn *conn);
/* The connection is closed; a command in flight forgets it. */
void tori_conn_end(struct tori_conn *conn);
void tori_conn_free(struct tori_conn *conn);
/* Answers the commands that have come back. */
void tori_edge_collect(struct tori_edge *edge);
void tori_edge_begin(struct tori_edge *edge, struct tori_server *server);
void tori_edge_end(struct tori_edge *edge);

/* exchange.c */
struct tori_exchange *tori_exchange_take(struct tori_edge *edge, struct tori_conn *conn);
void tori_exchange_release(struct tori_exchange *exchange);
/* The exchange that a context belongs to: each command of this room is part of one. */
struct tori_exchange *tori_exchange_of(struct tori_ctx *cx);

/* request.c: the checks between head and body; a failure is the answer. */
TORI_RESULT tori_request_accept(struct tori_exchange *exchange);
/* The command is complete: fills in what prepare needs. */
TORI_RESULT tori_request_ready(struct tori_exchange *exchange);
/* True when the reactor answers by itself, without the pipeline. */
bool tori_request_is_immediate(const struct tori_endpoint *endpoint);

/* route.c. With NULL, *allow holds the methods that this path would take; 0: no such path. */
const struct tori_endpoint *tori_route(const struct tori_exchange *exchange, struct tori_str path,
                                       struct tori_caller *caller, unsigned *allow);

/* respond.c: writes head and, unless HEAD, body of the answer in the exchange's arena. */
struct tori_answer_bytes {
    struct tori_bytes head;
    struct tori_bytes body;
};
bool tori_respond(struct tori_exchange *exchange, struct tori_answer_bytes *out);

/* headers.c */
TORI_RESULT tori_site_headers(struct tori_ctx *cx, struct tori_site *site);

/* problem.c: the error of reply->err in the form its endpoint speaks. */
void tori_problem_write(struct tori_exchange *exchange);

/* listen.c */
TORI_RESULT tori_site_open(struct tori_ctx *cx, struct tori_site *site, int reactors);
void tori_site_close(struct tori_site *site);

/* reactor.c */
TORI_RESULT tori_reactor_new(struct tori_ctx *cx, struct tori_server *server, size_t index,
                             struct tori_edge **out);
TORI_RESULT tori_reactor_start(struct tori_ctx *cx, struct tori_edge *edge);
void tori_reactor_stop(struct tori_edge *edge, int64_t grace_ms);
void tori_reactor_join(struct tori_edge *edge);
void tori_reactor_free(struct tori_edge *edge);

#endif
