/* The one place that changes customers' state. Commands come in order; each is decided at once on
 * aggregates in memory and handed to the committer. No I/O, no clock of the wall, no waiting.
 *
 * The decider is not a thread but a mutex: whoever brings a command takes it and decides what is
 * there, unless somebody is at it, who then sees the newcomer before he leaves. That saves two
 * hand-overs between threads for each request (docs/decisions/0009-decider-is-a-lock.md). */
#include <assert.h>

#include "base/failpoint.h"
#include "base/tally.h"
#include "service/journal.h"
#include "service/pipeline_int.h"

enum { EVICT_AFTER_MS = 60 * 1000, EVICT_EVERY = 1024 };

/* A failpoint: nothing durable stays in memory, so whatever outlives its command is found out. */
#define FORGETFUL "decider.forgets"

static void step(struct tori_pipeline *p, struct tori_command *command);

static void append(struct tori_command ***last, struct tori_command *command)
{
    command->next = NULL;
    **last = command;
    *last = &command->next;
}

/* For what was in turn before and had to wait: it is decided before anything in the queue. */
static void come_first(struct tori_pipeline *p, struct tori_command *command)
{
    append(&p->ahead_last, command);
    atomic_fetch_add(&p->ahead_count, 1);
}

static void wait_in(struct tori_slot *slot, struct tori_command *command)
{
    append(&slot->waiting_last, command);
}

/* The slot of a customer; when it has to be loaded first, the command carries the order to a worker
 * and NULL comes back: the command will be stepped again. */
static struct tori_slot *slot_for(struct tori_pipeline *p, struct tori_command *command,
                                  const struct tori_id *id)
{
    struct tori_slot *slot = tori_slot_find(&p->slots, id);

    if (slot != NULL && slot->agg != NULL)
        return slot;
    if (slot != NULL) {
        wait_in(slot, command);
        return NULL;
    }
    if (tori_slot_add(&p->slots, id) == NULL) {
        tori_refuse_command(p, command, TORI_ERR_NO_MEMORY);
        return NULL;
    }
    command->flight.stage = TORI_AT_LOAD;
    command->flight.loading = *id;
    p->stalled = true;
    atomic_fetch_add_explicit(&p->loads, 1, memory_order_relaxed);
    tori_queue_put(&p->work, command);
    return NULL;
}

/* A worker brought an aggregate: it goes into its slot, and who waited for it is stepped again. */
static void install(struct tori_pipeline *p, struct tori_command *command)
{
    struct tori_slot *slot = tori_slot_find(&p->slots, &command->flight.loading);
    struct tori_command *waiting = slot->waiting;

    assert(slot->agg == NULL);
    p->stalled = false;
    command->flight.stage = TORI_AT_DECIDE;
    command->next = waiting;
    slot->waiting = NULL;
    slot->waiting_last = &slot->waiting;
    slot->agg = command->flight.loaded;
    command->flight.loaded = NULL;
    tori_err err = command->flight.load_err;
    if (slot->agg == NULL)
        tori_slot_remove(&p->slots, slot);
    else
        slot->agg->touched_ms = tori_clock_steady_ms();

    for (struct tori_command *c = command, *next; c != NULL; c = next) {
        next = c->next;
        if (err != TORI_ERR_NONE)
            tori_refuse_command(p, c, err);
        else
            come_first(p, c);
    }
}

static void restart_reply(struct tori_command *command)
{
    tori_reply_begin(&command->reply, command->cx.arena);
    tori_changes_begin(&command->flight.changes);
    command->cx.changes = &command->flight.changes;
    command->cx.state = &command->flight.state;
}

/* A failed decide leaves nothing but, when it concerns somebody, a row that says so. */
static void note_refusal(struct tori_command *command, tori_err err)
{
    struct tori_failure failure = command->cx.failure;

    tori_changes_revert(&command->flight.changes);
    if (TORI_FAILED(tori_journal_refusal(&command->cx, err)))
        tori_changes_revert(&command->flight.changes);
    command->cx.failure = failure;
    tori_reply_problem(&command->cx, &command->reply, err);
}

static void run(struct tori_pipeline *p, struct tori_command *command)
{
    struct tori_ctx *cx = &command->cx;

    restart_reply(command);
    cx->state->next_seq = p->next_seq;
    struct tori_result r = {command->flight.prepare_err};
    if (!TORI_FAILED(r))
        r = command->decide(cx, command->in, &command->reply);
    if (!TORI_FAILED(r))
        r = tori_buf_done(cx, &command->reply.body);
    if (TORI_FAILED(r)) {
        cx->state->next_seq = p->next_seq;
        note_refusal(command, r.err);
    }
    tori_reply_end(&command->reply);
    /* A change without its row in the journal is our own mistake. */
    assert(command->flight.changes.count == 0 || command->flight.changes.journal_rows > 0);
    tori_changes_settle(&command->flight.changes);
    p->next_seq = cx->state->next_seq;
    atomic_store_explicit(&p->seq_seen, p->next_seq, memory_order_relaxed);
}

/* Later readers of what this command changed wait for its group. */
static void mark_changed(struct tori_aggregate *agg, uint64_t group)
{
    if (agg->changed)
        agg->saw_group = group;
    agg->changed = false;
}

/* A full group, or one that wants to be alone, must be taken first; the committer, when it has
 * taken it, sees that somebody waits for room. */
static bool has_room(struct tori_pipeline *p, bool alone)
{
    pthread_mutex_lock(&p->mutex);
    bool room =
        p->broken == TORI_BREAK_NONE &&
        (p->open.count == 0 || (p->open.count < TORI_GROUP_MAX && !p->open.closed && !alone));
    p->wants_room = !room;
    pthread_mutex_unlock(&p->mutex);
    return room;
}

static void join_group(struct tori_pipeline *p, struct tori_command *command)
{
    pthread_mutex_lock(&p->mutex);
    if (p->broken != TORI_BREAK_NONE) {
        /* A group that broke meanwhile takes this command with it: it saw state that never was. */
        append(&p->broken_last, command);
        pthread_mutex_unlock(&p->mutex);
        return;
    }
    append(&p->open.last, command);
    p->open.count++;
    p->open.closed = command->flight.alone;
    mark_changed(command->flight.state.customer, p->open.id);
    mark_changed(command->flight.state.firm, p->open.id);
    bool wake = p->committer_idle;
    pthread_mutex_unlock(&p->mutex);
    if (wake)
        pthread_cond_signal(&p->group_ready);
}

static bool saw_undurable(struct tori_pipeline *p, const struct tori_state *state)
{
    uint64_t durable = atomic_load(&p->durable_group);
    return state->customer->saw_group > durable || state->firm->saw_group > durable;
}

static void decide(struct tori_pipeline *p, struct tori_command *command, struct tori_slot *firm,
                   struct tori_slot *slot)
{
    struct tori_state *state = &command->flight.state;

    *state = (struct tori_state){
        .customer = slot->agg,
        .firm = firm->agg,
        .lobby = p->lobby,
        .shard = p->config.shard,
        .evidence = (tori_err)atomic_load_explicit(&p->evidence, memory_order_relaxed),
    };
    slot->agg->touched_ms = tori_clock_steady_ms();
    bool counted = tori_tally_here(true);
    run(p, command);
    (void)tori_tally_here(counted);
    atomic_fetch_add_explicit(&p->commands, 1, memory_order_relaxed);
    if (command->flight.changes.count > 0 || saw_undurable(p, state))
        join_group(p, command);
    else
        tori_release(p, command);
}

static void step(struct tori_pipeline *p, struct tori_command *command)
{
    static const struct tori_id firm_id;

    if (tori_clock_steady_ms() > command->deadline_ms) {
        tori_refuse_command(p, command, TORI_ERR_BUSY);
        return;
    }
    if (p->away) {
        tori_refuse_command(p, command, TORI_ERR_STORE_AWAY);
        return;
    }
    struct tori_slot *firm = slot_for(p, command, &firm_id);
    if (firm == NULL)
        return;
    struct tori_slot *slot = slot_for(p, command, &command->cx.route);
    if (slot == NULL)
        return;
    decide(p, command, firm, slot);
}

/* A group broke: what was decided on top of it never happened. */
static void clean_up(struct tori_pipeline *p)
{
    pthread_mutex_lock(&p->mutex);
    enum tori_break broken = p->broken;
    struct tori_command *list = p->broken_list;
    p->broken = TORI_BREAK_NONE;
    p->broken_list = NULL;
    p->broken_last = &p->broken_list;
    p->away = p->seq_after_break < 0;
    p->next_seq = p->seq_after_break;
    pthread_cond_broadcast(&p->group_ready);
    pthread_mutex_unlock(&p->mutex);

    tori_slots_drop(&p->slots);
    tori_lobby_clear(p->lobby);
    for (struct tori_command *c = list, *next; c != NULL; c = next) {
        next = c->next;
        if (broken == TORI_BREAK_AWAY || c->flight.refused) {
            tori_refuse_command(
                p, c, broken == TORI_BREAK_AWAY ? TORI_ERR_STORE_AWAY : TORI_ERR_STORE_REFUSED);
            continue;
        }
        c->flight.alone = true;
        come_first(p, c);
    }
}

static bool is_broken(struct tori_pipeline *p)
{
    pthread_mutex_lock(&p->mutex);
    bool broken = p->broken != TORI_BREAK_NONE;
    pthread_mutex_unlock(&p->mutex);
    return broken;
}

static void evict(struct tori_pipeline *p)
{
    int64_t now = tori_clock_steady_ms();
    /* Above the cap the patience shrinks until the table fits. */
    int64_t patience = p->slots.count > p->config.aggregates_max ? 1000 : EVICT_AFTER_MS;
    uint64_t durable = atomic_load(&p->durable_group);
    size_t n = tori_failpoint_named(FORGETFUL)
                   ? tori_slots_forget(&p->slots, durable)
                   : tori_slots_evict(&p->slots, now - patience, durable);

    atomic_fetch_add_explicit(&p->evictions, n, memory_order_relaxed);
    atomic_store_explicit(&p->aggregates, p->slots.count, memory_order_relaxed);
}

static void take(struct tori_pipeline *p, struct tori_command *command)
{
    if (command->flight.stage == TORI_AT_LOADED)
        install(p, command);
    else
        step(p, command);
}

/* in_order: a command whose turn has not come waits aside, and while one waits for its aggregate so
 * do all that came after it. */
static struct tori_command *next_in_turn(struct tori_pipeline *p)
{
    struct tori_command *came;

    while ((came = tori_queue_poll(&p->decide)) != NULL) {
        if (came->flight.stage == TORI_AT_LOADED)
            return came;
        came->next = p->early;
        p->early = came;
    }
    for (struct tori_command **at = &p->early; *at != NULL && !p->stalled; at = &(*at)->next) {
        struct tori_command *due = *at;
        if (due->flight.ticket != p->next_ticket)
            continue;
        *at = due->next;
        p->next_ticket++;
        return due;
    }
    return NULL;
}

/* What is to be decided next; NULL: nothing, or no room for what it may change. */
static struct tori_command *next(struct tori_pipeline *p)
{
    struct tori_command *first = p->ahead;

    if (!has_room(p, first != NULL && first->flight.alone))
        return NULL;
    if (first == NULL)
        return p->config.in_order ? next_in_turn(p) : tori_queue_poll(&p->decide);
    p->ahead = first->next;
    if (p->ahead == NULL)
        p->ahead_last = &p->ahead;
    atomic_fetch_sub(&p->ahead_count, 1);
    return first;
}

/* With the failpoint after whatever was decided: between two loads of one command it would never
 * end. */
static bool is_time_to_evict(struct tori_pipeline *p)
{
    uint64_t decided = atomic_load_explicit(&p->commands, memory_order_relaxed);
    bool forgets = decided != p->decided_before && tori_failpoint_named(FORGETFUL);

    p->decided_before = decided;
    if (++p->since_eviction < EVICT_EVERY && !forgets)
        return false;
    p->since_eviction = 0;
    return true;
}

static void decide_all(struct tori_pipeline *p)
{
    struct tori_command *command;

    do {
        if (is_broken(p))
            clean_up(p);
        command = next(p);
        if (command != NULL)
            take(p, command);
        if (command != NULL && is_time_to_evict(p))
            evict(p);
    } while (command != NULL);
}

/* Looked at after the lock is given back: who came while it was held found it taken and left. Who
 * wants room is left to the committer, or this would turn in circles until it has taken the
 * group. */
static bool more_to_do(struct tori_pipeline *p)
{
    bool waiting = atomic_load(&p->ahead_count) > 0 || !tori_queue_is_empty(&p->decide);

    pthread_mutex_lock(&p->mutex);
    bool more = p->broken != TORI_BREAK_NONE || (waiting && !p->wants_room);
    pthread_mutex_unlock(&p->mutex);
    return more;
}

void tori_decide(struct tori_pipeline *p)
{
    do {
        if (pthread_mutex_trylock(&p->decider) != 0)
            return;
        decide_all(p);
        pthread_mutex_unlock(&p->decider);
    } while (more_to_do(p));
}
