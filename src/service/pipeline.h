/* The road of a command (design.md §4): workers prepare in parallel, one decider decides in order,
 * one committer commits in groups, and only then replies are released.
 *
 * Threads and what they own:
 *   workers    a store reader each; run prepare, load aggregates, run finish
 *   committer  the writer; the lease's beat
 * Every aggregate, the lobby and the journal's next seq belong to the decider, which is a lock that
 * the thread who brings a command takes (decider.c). What is quick to prepare is prepared by the
 * caller of submit. Commands travel by queues; whoever holds a command owns it. */
#ifndef TORI_SERVICE_PIPELINE_H
#define TORI_SERVICE_PIPELINE_H

#include "keys/keys.h"
#include "service/command.h"
#include "store/store.h"

struct tori_pipeline_config {
    const struct tori_app *app;
    struct tori_log *log;
    struct tori_store *store;
    struct tori_keys *keys; /* NULL: aggregates come without data keys (tests of bare commands) */
    struct tori_str owner;  /* names this process in the lease */
    int64_t shard;
    int64_t lease_ms;
    int workers;
    size_t queue_cap;
    size_t aggregates_max;
    size_t arena_cap; /* of the loaders' own arenas */
    size_t lobby_max;
    bool in_order; /* decide in the order of submission (tests of determinism) */
};

enum { TORI_GROUP_MAX = 64 };

TORI_RESULT tori_pipeline_new(struct tori_ctx *cx, const struct tori_pipeline_config *config,
                              struct tori_pipeline **out);
/* Answers what is queued with 503, waits for the group in flight, ends the threads. */
void tori_pipeline_free(struct tori_pipeline *pipeline);

/* From now on every new command is answered with 503; the first step of an orderly end. */
void tori_pipeline_close(struct tori_pipeline *pipeline);
bool tori_pipeline_closing(const struct tori_pipeline *pipeline);

/* Owns the shard and may decide: /readyz. */
bool tori_pipeline_ready(const struct tori_pipeline *pipeline);

/* The epoch under which it owns the shard; 0 while it does not. Any thread. */
uint64_t tori_pipeline_epoch(const struct tori_pipeline *pipeline);

/* The evidence side tells whether important operations may go on; any thread. */
void tori_pipeline_set_evidence(struct tori_pipeline *pipeline, tori_err why_not);

/* Called on the committer's thread after each durable group that wrote journal rows. */
typedef void tori_durable_fn(void *owner, int64_t last_seq);
void tori_pipeline_on_durable(struct tori_pipeline *pipeline, tori_durable_fn *fn, void *owner);

/* For /metrics: relaxed readings. */
struct tori_pipeline_figures {
    uint64_t commands, groups, refused_groups, away_groups, loads, evictions;
    uint64_t aggregates, queued;
    int64_t next_seq;
};
struct tori_pipeline_figures tori_pipeline_figures(const struct tori_pipeline *pipeline);

#endif
