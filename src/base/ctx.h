/* What everything that serves a request takes first. It travels with its request from prepare to
 * decide to release; one thread holds it at a time. */
#ifndef TORI_BASE_CTX_H
#define TORI_BASE_CTX_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"

struct tori_app;     /* read-only: settings, registries, facts (service/app.h) */
struct tori_reader;  /* a worker's view of the store (store/store.h); NULL outside prepare */
struct tori_caller;  /* who asks, as the edge established it (service/command.h) */
struct tori_state;   /* the aggregates decide works on (service/state.h); NULL outside decide */
struct tori_changes; /* what decide leaves behind (model/changes.h); NULL outside decide */

enum tori_lang { TORI_JA, TORI_EN, TORI_LANG_COUNT };

struct tori_ctx {
    const struct tori_app *app;
    struct tori_arena *arena;
    tori_time now; /* wall clock, read once when the request arrived */
    struct tori_random random;
    const struct tori_caller *caller;
    struct tori_reader *reader;
    bool needs_store; /* a lookup of prepare found no reader: a worker has to prepare again */
    struct tori_id
        route; /* set by prepare: the customer whose state decide needs; none: the firm's */
    struct tori_state *state;
    struct tori_changes *changes;
    struct tori_log *log;
    enum tori_lang lang;
    uint8_t request_id[16];
    struct tori_failure failure;
};

/* Allocation in the request's arena; TOO_LARGE past its cap. */
TORI_RESULT tori_take(struct tori_ctx *cx, size_t n, void *out_pointer);
TORI_RESULT tori_copy(struct tori_ctx *cx, struct tori_bytes from, struct tori_bytes *out);
TORI_RESULT tori_copy_str(struct tori_ctx *cx, struct tori_str from, struct tori_str *out);

#endif
