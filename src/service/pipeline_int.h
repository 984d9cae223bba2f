/* What decider, committer and slots share: the groups on their way, and who waits for them. */
#ifndef TORI_SERVICE_PIPELINE_INT_H
#define TORI_SERVICE_PIPELINE_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "service/lobby.h"
#include "service/pipeline.h"
#include "service/queue.h"

/* Commands decided since the last group was taken. Those without changes ride along because they
 * saw state that is not durable yet. */
struct tori_group {
    uint64_t id;
    struct tori_command *first;
    struct tori_command **last;
    size_t count;
    bool closed; /* one command alone */
};

/* Why a group did not become durable, for the decider to clean up after. */
enum tori_break { TORI_BREAK_NONE, TORI_BREAK_REFUSED, TORI_BREAK_AWAY };

struct tori_slot; /* one aggregate of the decider's table, and who waits for it */

struct tori_table_of_slots {
    struct tori_slot **bucket;
    size_t bucket_count; /* a power of two */
    size_t count;
};

struct tori_pipeline {
    struct tori_pipeline_config config;
    struct tori_queue work;   /* to workers: prepare, load, finish */
    struct tori_queue decide; /* for the decider */
    pthread_t *worker;
    int workers;
    pthread_t committer;
    bool committer_runs;

    /* Between decider and committer. */
    pthread_mutex_t mutex;
    pthread_cond_t group_ready;
    struct tori_group open;
    enum tori_break broken;
    struct tori_command *broken_list; /* in the order they were decided */
    struct tori_command **broken_last;
    int64_t seq_after_break;
    bool closing;
    bool committer_idle;
    bool wants_room; /* something waits to be decided until the open group is taken */

    /* The decider's own: of whoever holds this lock. */
    pthread_mutex_t decider;
    struct tori_table_of_slots slots;
    struct tori_lobby *lobby;
    int64_t next_seq;
    bool away;                  /* a group broke, and the store has not been reached since */
    bool stalled;               /* in_order: an aggregate is being loaded */
    uint64_t next_ticket;       /* in_order: the command that is due */
    struct tori_command *early; /* in_order: those that came before their turn */
    struct tori_command *ahead; /* to be decided before what is in the queue */
    struct tori_command **ahead_last;
    unsigned since_eviction;
    uint64_t decided_before; /* commands, when eviction was last thought of */

    /* The committer's own. */
    struct tori_writer *writer;
    struct tori_reader *head_reader;
    struct tori_arena *arena;
    tori_durable_fn *on_durable;
    void *durable_owner;

    /* Read by any thread. */
    atomic_bool owner;
    atomic_int evidence; /* tori_err */
    atomic_uint_least64_t tickets;
    atomic_uint_least64_t durable_group;
    atomic_uint_least64_t in_flight;
    atomic_bool refuses; /* closing: nothing new comes in */
    atomic_size_t ahead_count;
    atomic_uint_least64_t commands, groups, refused_groups, away_groups, loads, evictions,
        aggregates;
    atomic_int_least64_t seq_seen;
};

void tori_release(struct tori_pipeline *p, struct tori_command *command);
void tori_refuse_command(struct tori_pipeline *p, struct tori_command *command, tori_err err);
/* Decides what is there, unless another thread is at it. Any thread; never blocks. */
void tori_decide(struct tori_pipeline *p);
void *tori_committer_main(void *pipeline);
void *tori_worker_main(void *pipeline);

/* The decider's table. */
struct tori_slot {
    struct tori_id customer_id;
    struct tori_aggregate *agg;   /* NULL while it is being loaded */
    struct tori_command *waiting; /* newest last */
    struct tori_command **waiting_last;
    struct tori_slot *next;
};
struct tori_slot *tori_slot_find(const struct tori_table_of_slots *table, const struct tori_id *id);
struct tori_slot *tori_slot_add(struct tori_table_of_slots *table, const struct tori_id *id);
void tori_slot_remove(struct tori_table_of_slots *table, struct tori_slot *slot);
/* Frees every loaded aggregate; slots that are being loaded stay. */
void tori_slots_drop(struct tori_table_of_slots *table);
/* Frees those not touched since `before_ms` whose changes are durable; says how many. */
size_t tori_slots_evict(struct tori_table_of_slots *table, int64_t before_ms, uint64_t durable);
/* Frees all whose changes are durable. */
size_t tori_slots_forget(struct tori_table_of_slots *table, uint64_t durable);

#endif
