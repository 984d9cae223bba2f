/* A command: one request on its way through prepare, decide, commit and release (design.md §4).
 *
 *   prepare  any worker; verifies and looks up facts that never change; changes nothing; sets
 * cx->route decide   the decider; sees cx->state, leaves cx->changes; no I/O, no clock, no
 * signature checks finish   any worker, after the commit; turns the decision into bytes where that
 * is dear
 * (pages) */
#ifndef TORI_SERVICE_COMMAND_H
#define TORI_SERVICE_COMMAND_H

#include "model/changes.h"
#include "service/reply.h"
#include "service/state.h"

enum tori_listener {
    TORI_LISTENER_CUSTOMER,
    TORI_LISTENER_OPERATOR,
    TORI_LISTENER_CHANNEL,
    TORI_LISTENER_METRICS,
    TORI_LISTENER_ADMIN, /* the admin socket: subcommands and tests */
    TORI_LISTENER_COUNT
};

/* Who asks, as the edge established it; nothing in here came from the body. */
struct tori_caller {
    enum tori_listener listener;
    struct tori_str ip; /* "203.0.113.7" */
    int port;
    struct tori_str user_agent; /* at most 256 bytes, UTF-8 */
    struct tori_str cookie;     /* value of the one cookie of this listener; empty: none */
    struct tori_str visit;      /* value of the interaction cookie; empty: none */
    struct tori_str idempotency_key;
    struct tori_str traceparent;
    bool has_certificate;
    struct tori_hash certificate_key; /* SHA-256 of the SubjectPublicKeyInfo of a TLS client */
    struct tori_id channel;           /* set by the auth step of the channel listener */
    struct tori_str path[4];          /* what the {parts} of the endpoint's path matched, decoded */
    struct tori_str query;            /* raw; only pages look at it */
};

typedef struct tori_result tori_prepare_fn(struct tori_ctx *cx, void *in);
typedef struct tori_result tori_decide_fn(struct tori_ctx *cx, const void *in,
                                          struct tori_reply *out);
typedef struct tori_result tori_finish_fn(struct tori_ctx *cx, const void *in,
                                          struct tori_reply *out);

/* Where a command is, and what it carries there. Only the pipeline touches this. */
enum tori_stage { TORI_AT_PREPARE, TORI_AT_DECIDE, TORI_AT_LOAD, TORI_AT_LOADED, TORI_AT_FINISH };
struct tori_flight {
    enum tori_stage stage;
    struct tori_id loading;        /* AT_LOAD: whose aggregate */
    struct tori_aggregate *loaded; /* AT_LOADED: NULL when loading failed with load_err */
    tori_err load_err;
    tori_err prepare_err; /* refused by prepare, and the journal is to know */
    struct tori_state state;
    struct tori_changes changes;
    uint64_t ticket; /* order of submission */
    bool refused;    /* the store refused it alone */
    bool alone;      /* its group was refused once: now in a group of its own */
};

struct tori_command {
    struct tori_ctx cx;
    struct tori_caller caller;
    tori_prepare_fn *prepare; /* NULL: nothing to prepare */
    tori_decide_fn *decide;   /* NULL: prepare's result is the answer (static pages) */
    tori_finish_fn *finish;   /* NULL: decide wrote the answer */
    void *in;                 /* the endpoint's input; prepare may note in it what it proved */
    struct tori_reply reply;
    bool quick; /* prepare takes microseconds and knows no store: it may run inside of submit */
    int64_t deadline_ms; /* steady clock: later than this the answer is 503 */
    /* Called exactly once, from any thread, when the reply may be sent. The caller owns the command
     * and frees it, with its arena, afterwards. */
    void (*done)(struct tori_command *command);
    void *owner;               /* of whoever submitted it */
    struct tori_command *next; /* for the queue that holds it */
    struct tori_flight flight; /* private to the pipeline */
};

struct tori_pipeline;

/* Hands a command over. Never blocks; may call done() before it returns: with 503 when queues are
 * full, or with the answer. */
void tori_pipeline_submit(struct tori_pipeline *pipeline, struct tori_command *command);

#endif
