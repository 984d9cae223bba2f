#include "service/pipeline.h"

#include <assert.h>
#include <unistd.h>

#include "base/tally.h"
#include "service/pipeline_int.h"

enum { LEASE_POLL_MS = 100, CLOSE_WAIT_MS = 5000 };

void tori_release(struct tori_pipeline *p, struct tori_command *command)
{
    if (tori_clock_steady_ms() > tori_lease_deadline_ms(p->writer)) {
        tori_refuse_command(p, command, TORI_ERR_NOT_OWNER);
        return;
    }
    if (command->finish != NULL && command->reply.err == TORI_ERR_NONE) {
        command->flight.stage = TORI_AT_FINISH;
        tori_queue_put(&p->work, command);
        return;
    }
    atomic_fetch_sub(&p->in_flight, 1);
    command->done(command);
}

void tori_refuse_command(struct tori_pipeline *p, struct tori_command *command, tori_err err)
{
    tori_reply_problem(&command->cx, &command->reply, err);
    atomic_fetch_sub(&p->in_flight, 1);
    command->done(command);
}

static void to_decider(struct tori_pipeline *p, struct tori_command *command)
{
    command->flight.stage = TORI_AT_DECIDE;
    tori_queue_put(&p->decide, command);
    tori_decide(p);
}

static void prepared(struct tori_pipeline *p, struct tori_command *command, struct tori_result r)
{
    const struct tori_ctx *cx = &command->cx;

    if (TORI_FAILED(r)) {
        /* A refusal that names somebody is for the journal; one that names nobody is only
         * counted. */
        command->flight.prepare_err = r.err;
        if (command->decide != NULL &&
            (p->config.in_order || (!tori_id_is_none(&cx->route) && tori_err_status(r.err) == 403)))
            to_decider(p, command);
        else
            tori_refuse_command(p, command, r.err);
        return;
    }
    if (command->decide != NULL)
        to_decider(p, command);
    else
        tori_release(p, command);
}

static void prepare(struct tori_pipeline *p, struct tori_command *command,
                    struct tori_reader *reader)
{
    struct tori_ctx *cx = &command->cx;

    if (reader == NULL) {
        prepared(p, command, TORI_FAIL(cx, STORE_AWAY));
        return;
    }
    cx->reader = reader;
    struct tori_result r = command->prepare == NULL ? TORI_OK : command->prepare(cx, command->in);
    cx->reader = NULL;
    prepared(p, command, r);
}

/* What is quick to prepare is prepared by who brings it. False: it asked for something that is not
 * in memory, and a worker has to begin again. */
static bool prepare_at_once(struct tori_pipeline *p, struct tori_command *command)
{
    struct tori_ctx *cx = &command->cx;

    if (!command->quick || atomic_load(&p->in_flight) > p->config.queue_cap)
        return false;
    cx->needs_store = false;
    struct tori_result r = command->prepare == NULL ? TORI_OK : command->prepare(cx, command->in);
    if (cx->needs_store) {
        cx->route = (struct tori_id){{0}};
        return false;
    }
    prepared(p, command, r);
    return true;
}

void tori_pipeline_submit(struct tori_pipeline *p, struct tori_command *command)
{
    tori_err err = TORI_ERR_NONE;

    atomic_fetch_add(&p->in_flight, 1);
    tori_reply_begin(&command->reply, command->cx.arena);
    command->cx.app = p->config.app;
    command->cx.log = p->config.log;
    command->cx.caller = &command->caller;
    command->flight = (struct tori_flight){.stage = TORI_AT_PREPARE};
    bool needs_owner = command->decide != NULL;
    if (atomic_load(&p->refuses) || (needs_owner && !atomic_load(&p->owner)))
        err = TORI_ERR_NOT_OWNER;
    else if (p->config.in_order && needs_owner)
        command->flight.ticket = atomic_fetch_add(&p->tickets, 1);
    if (err == TORI_ERR_NONE && prepare_at_once(p, command))
        return;
    if (err == TORI_ERR_NONE && !tori_queue_offer(&p->work, command))
        err = TORI_ERR_BUSY;
    if (err != TORI_ERR_NONE)
        tori_refuse_command(p, command, err);
}

static TORI_RESULT load(struct tori_ctx *cx, const struct tori_pipeline *p,
                        struct tori_reader *reader, const struct tori_id *id,
                        struct tori_aggregate **out)
{
    struct tori_aggregate *agg;

    TORI_TRY(tori_load_aggregate(cx, reader, id, cx->now, &agg));
    const struct tori_customer *customer = tori_aggregate_customer(agg);
    if (customer != NULL && p->config.keys != NULL) {
        struct tori_result r =
            tori_keys_data_key_open(cx, p->config.keys, id, customer->data_key, &agg->data_key);
        if (TORI_FAILED(r)) {
            tori_aggregate_free(agg);
            return r;
        }
    }
    *out = agg;
    return TORI_OK;
}

struct worker {
    struct tori_pipeline *p;
    struct tori_reader *reader;
    struct tori_ctx cx; /* of the loads, which belong to no request */
};

static void load_for(struct worker *w, struct tori_command *command)
{
    struct tori_flight *flight = &command->flight;

    tori_arena_reset(w->cx.arena);
    w->cx.now = command->cx.now;
    struct tori_result r = w->reader == NULL
                               ? TORI_FAIL(&w->cx, STORE_AWAY)
                               : load(&w->cx, w->p, w->reader, &flight->loading, &flight->loaded);
    flight->load_err = r.err;
    if (TORI_FAILED(r))
        tori_log_failure(&w->cx, TORI_WARN, "aggregate.not_loaded");
    flight->stage = TORI_AT_LOADED;
    tori_queue_put(&w->p->decide, command);
    tori_decide(w->p);
}

static void finish(struct tori_pipeline *p, struct tori_command *command)
{
    struct tori_ctx *cx = &command->cx;
    struct tori_result r = command->finish(cx, command->in, &command->reply);

    if (!TORI_FAILED(r))
        r = tori_buf_done(cx, &command->reply.body);
    if (TORI_FAILED(r)) {
        tori_log_failure(cx, TORI_ERROR, "finish.failed");
        tori_refuse_command(p, command, r.err);
        return;
    }
    tori_reply_end(&command->reply);
    atomic_fetch_sub(&p->in_flight, 1);
    command->done(command);
}

static void work(struct worker *w, struct tori_command *command)
{
    switch (command->flight.stage) {
    case TORI_AT_PREPARE:
        prepare(w->p, command, w->reader);
        return;
    case TORI_AT_LOAD:
        load_for(w, command);
        return;
    case TORI_AT_FINISH:
        finish(w->p, command);
        return;
    case TORI_AT_DECIDE:
    case TORI_AT_LOADED:
        assert(false);
    }
}

/* NULL: it is over before the store came. */
static struct tori_reader *open_reader(struct tori_ctx *cx, struct tori_pipeline *p)
{
    struct tori_reader *reader;

    while (!atomic_load(&p->refuses)) {
        if (!TORI_FAILED(tori_reader_open(cx, p->config.store, &reader)))
            return reader;
        tori_log_failure(cx, TORI_ERROR, "store.no_reader");
        usleep(200 * 1000);
        tori_arena_reset(cx->arena);
    }
    return NULL;
}

void *tori_worker_main(void *pipeline)
{
    struct worker w = {.p = pipeline};
    struct tori_command *command;

    (void)tori_tally_here(true);
    w.cx = (struct tori_ctx){.log = w.p->config.log, .app = w.p->config.app};
    w.cx.arena = tori_arena_new(w.p->config.arena_cap);
    assert(w.cx.arena != NULL);
    tori_random_seed(&w.cx.random);
    w.reader = open_reader(&w.cx, w.p);
    while ((command = tori_queue_take(&w.p->work)) != NULL)
        work(&w, command);
    tori_reader_close(w.reader);
    tori_arena_free(w.cx.arena);
    return NULL;
}

/* Waits for the lease, reads the head of the journal, then commands may come. */
static void *own(void *pipeline)
{
    struct tori_pipeline *p = pipeline;
    struct tori_ctx cx = {.log = p->config.log, .app = p->config.app, .arena = p->arena};
    bool taken = false;
    int64_t head;

    while (!atomic_load(&p->refuses)) {
        tori_arena_reset(cx.arena);
        struct tori_result r = tori_lease_take(&cx, p->writer, &taken);
        if (!TORI_FAILED(r) && taken)
            r = tori_read_head(&cx, p->head_reader, p->config.shard, &head);
        if (!TORI_FAILED(r) && taken)
            break;
        if (TORI_FAILED(r))
            tori_log_failure(&cx, TORI_WARN, "lease.not_taken");
        usleep(LEASE_POLL_MS * 1000);
    }
    if (!taken)
        return NULL;
    p->next_seq = head + 1;
    atomic_store(&p->seq_seen, p->next_seq);
    tori_log(&cx, TORI_INFO, "lease.taken", tori_i64("epoch", tori_lease_epoch(p->writer)),
             tori_i64("next_seq", p->next_seq));
    atomic_store(&p->owner, true);
    return tori_committer_main(p);
}

static void init_locks(struct tori_pipeline *p)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&p->mutex, NULL);
    pthread_mutex_init(&p->decider, NULL);
    p->ahead_last = &p->ahead;
    pthread_cond_init(&p->group_ready, &monotonic);
    pthread_condattr_destroy(&monotonic);
    tori_queue_init(&p->work, p->config.queue_cap);
    tori_queue_init(&p->decide, p->config.queue_cap);
    p->open = (struct tori_group){.id = 1};
    p->open.last = &p->open.first;
    p->broken_last = &p->broken_list;
}

static TORI_RESULT start(struct tori_ctx *cx, struct tori_pipeline *p)
{
    p->arena = tori_arena_new(p->config.arena_cap);
    p->lobby = tori_lobby_new(p->config.lobby_max);
    p->worker = tori_heap_take((size_t)p->config.workers * sizeof(*p->worker));
    if (p->arena == NULL || p->lobby == NULL || p->worker == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    TORI_TRY(tori_writer_open(cx, p->config.store, p->config.shard, p->config.owner, &p->writer));
    TORI_TRY(tori_reader_open(cx, p->config.store, &p->head_reader));
    for (; p->workers < p->config.workers; p->workers++)
        if (pthread_create(&p->worker[p->workers], NULL, tori_worker_main, p) != 0)
            return TORI_FAIL(cx, NO_MEMORY);
    if (pthread_create(&p->committer, NULL, own, p) != 0)
        return TORI_FAIL(cx, NO_MEMORY);
    p->committer_runs = true;
    return TORI_OK;
}

struct tori_result tori_pipeline_new(struct tori_ctx *cx, const struct tori_pipeline_config *config,
                                     struct tori_pipeline **out)
{
    struct tori_pipeline *p = tori_heap_take(sizeof(*p));

    if (p == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    p->config = *config;
    init_locks(p);
    struct tori_result r = start(cx, p);
    if (TORI_FAILED(r)) {
        tori_pipeline_free(p);
        return r;
    }
    *out = p;
    return TORI_OK;
}

static void wait_for_flight(const struct tori_pipeline *p)
{
    for (int waited = 0; atomic_load(&p->in_flight) > 0 && waited < CLOSE_WAIT_MS; waited += 10)
        usleep(10 * 1000);
    uint64_t left = atomic_load(&p->in_flight);
    if (left > 0) {
        struct tori_ctx cx = {.log = p->config.log};
        tori_log(&cx, TORI_WARN, "pipeline.commands_left", tori_u64("count", left));
    }
}

static void end_committer(struct tori_pipeline *p)
{
    pthread_mutex_lock(&p->mutex);
    p->closing = true;
    pthread_cond_broadcast(&p->group_ready);
    pthread_mutex_unlock(&p->mutex);
    if (p->committer_runs)
        pthread_join(p->committer, NULL);
}

static void release_lease(struct tori_pipeline *p)
{
    struct tori_ctx cx = {.log = p->config.log, .arena = p->arena};

    if (p->writer == NULL)
        return;
    if (atomic_load(&p->owner) && TORI_FAILED(tori_lease_release(&cx, p->writer)))
        tori_log_failure(&cx, TORI_WARN, "lease.not_released");
    tori_writer_close(p->writer);
}

void tori_pipeline_close(struct tori_pipeline *p)
{
    atomic_store(&p->refuses, true);
}

bool tori_pipeline_closing(const struct tori_pipeline *p)
{
    return atomic_load(&p->refuses);
}

void tori_pipeline_free(struct tori_pipeline *p)
{
    if (p == NULL)
        return;
    atomic_store(&p->refuses, true);
    wait_for_flight(p);
    tori_queue_close(&p->work);
    for (int i = 0; i < p->workers; i++)
        pthread_join(p->worker[i], NULL);
    end_committer(p);
    release_lease(p);
    tori_slots_drop(&p->slots);
    tori_heap_free(p->slots.bucket);
    tori_lobby_free(p->lobby);
    tori_reader_close(p->head_reader);
    tori_arena_free(p->arena);
    tori_heap_free(p->worker);
    tori_queue_destroy(&p->work);
    tori_queue_destroy(&p->decide);
    tori_heap_free(p);
}

bool tori_pipeline_ready(const struct tori_pipeline *p)
{
    return atomic_load(&p->owner) && !atomic_load(&p->refuses) &&
           tori_clock_steady_ms() <= tori_lease_deadline_ms(p->writer);
}

uint64_t tori_pipeline_epoch(const struct tori_pipeline *p)
{
    return tori_pipeline_ready(p) ? (uint64_t)tori_lease_epoch(p->writer) : 0;
}

void tori_pipeline_set_evidence(struct tori_pipeline *p, tori_err why_not)
{
    atomic_store_explicit(&p->evidence, (int)why_not, memory_order_relaxed);
}

void tori_pipeline_on_durable(struct tori_pipeline *p, tori_durable_fn *fn, void *owner)
{
    p->durable_owner = owner;
    p->on_durable = fn;
}

static uint64_t relaxed(const atomic_uint_least64_t *figure)
{
    return atomic_load_explicit(figure, memory_order_relaxed);
}

struct tori_pipeline_figures tori_pipeline_figures(const struct tori_pipeline *p)
{
    return (struct tori_pipeline_figures){
        .commands = relaxed(&p->commands),
        .groups = relaxed(&p->groups),
        .refused_groups = relaxed(&p->refused_groups),
        .away_groups = relaxed(&p->away_groups),
        .loads = relaxed(&p->loads),
        .evictions = relaxed(&p->evictions),
        .aggregates = relaxed(&p->aggregates),
        .queued = relaxed(&p->in_flight),
        .next_seq = atomic_load_explicit(&p->seq_seen, memory_order_relaxed),
    };
}
