/* The committer: makes groups durable, one after the other, without a timer: while one group is
 * being written the next one gathers. */
#include <stdlib.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "service/journal.h"
#include "service/pipeline_int.h"

enum { SEQ_UNKNOWN = -1 }; /* after a break: where the journal ends must be read first */

/* The lease is kept alive by an empty group when nothing else is written. */
static int64_t beat_every_ms(const struct tori_pipeline *p)
{
    return p->config.lease_ms / 4;
}

/* A process that lost its lease must not answer anybody: the supervisor starts a fresh one. */
static void end_fenced(struct tori_ctx *cx)
{
    tori_log(cx, TORI_ERROR, "lease.lost");
    _exit(75);
}

static void wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t ms)
{
    struct timespec t;

    tori_clock_deadline(ms, &t);
    pthread_cond_timedwait(cond, mutex, &t);
}

/* The open group, or an empty one when it is time for a beat. False: closing and nothing left. */
static bool take_group(struct tori_pipeline *p, struct tori_group *out)
{
    pthread_mutex_lock(&p->mutex);
    int64_t due = tori_clock_steady_ms() + beat_every_ms(p);
    while ((p->open.count == 0 && !p->closing && tori_clock_steady_ms() < due) ||
           (p->broken != TORI_BREAK_NONE && !p->closing)) { /* at the end nobody mends it */
        p->committer_idle = true;
        wait_until(&p->group_ready, &p->mutex, beat_every_ms(p));
        p->committer_idle = false;
    }
    *out = p->open;
    bool over = p->open.count == 0 && p->closing;
    p->open = (struct tori_group){.id = out->id + 1};
    p->open.last = &p->open.first;
    bool wanted = p->wants_room;
    p->wants_room = false;
    pthread_mutex_unlock(&p->mutex);
    if (wanted)
        tori_decide(p);
    return !over;
}

static size_t lists_of(const struct tori_group *group, const struct tori_change **list)
{
    size_t n = 0;

    for (struct tori_command *c = group->first; c != NULL; c = c->next)
        if (c->flight.changes.first != NULL)
            list[n++] = c->flight.changes.first;
    return n;
}

static int64_t last_seq_of(const struct tori_group *group)
{
    int64_t last = -1;

    for (struct tori_command *c = group->first; c != NULL; c = c->next)
        if (c->flight.changes.journal_rows > 0)
            last = c->flight.state.next_seq - 1;
    return last;
}

static void release_group(struct tori_pipeline *p, const struct tori_group *group)
{
    int64_t last_seq = last_seq_of(group);

    tori_failpoint("release.before");
    atomic_store(&p->durable_group, group->id);
    if (last_seq >= 0 && p->on_durable != NULL)
        p->on_durable(p->durable_owner, last_seq);
    for (struct tori_command *c = group->first, *next; c != NULL; c = next) {
        next = c->next;
        tori_release(p, c);
    }
    tori_failpoint("release.after");
}

/* Hands the broken group, and all that was decided on top of it, back to the decider. */
static void break_group(struct tori_pipeline *p, struct tori_group *group, enum tori_break why,
                        int64_t seq)
{
    pthread_mutex_lock(&p->mutex);
    p->broken = why;
    p->seq_after_break = seq;
    /* Alone and refused again: this one is at fault. Others that were alone only waited behind
     * it. */
    if (group->count == 1 && group->first->flight.alone)
        group->first->flight.refused = true;
    if (group->first != NULL) {
        *p->broken_last = group->first;
        p->broken_last = group->last;
    }
    if (p->open.first != NULL) {
        *p->broken_last = p->open.first;
        p->broken_last = p->open.last;
    }
    p->open = (struct tori_group){.id = p->open.id};
    p->open.last = &p->open.first;
    pthread_mutex_unlock(&p->mutex);
    tori_decide(p);
}

static TORI_RESULT read_next_seq(struct tori_ctx *cx, struct tori_pipeline *p, bool renew,
                                 int64_t *out)
{
    int64_t head;

    if (renew)
        TORI_TRY(tori_writer_renew(cx, p->writer));
    TORI_TRY(tori_read_head(cx, p->head_reader, p->config.shard, &head));
    *out = head + 1;
    return TORI_OK;
}

static bool is_closing(struct tori_pipeline *p)
{
    pthread_mutex_lock(&p->mutex);
    bool closing = p->closing;
    pthread_mutex_unlock(&p->mutex);
    return closing;
}

/* Where the journal really ends; as long as the store is away nobody is answered 2xx. SEQ_UNKNOWN:
 * away to the end. */
static int64_t find_head(struct tori_pipeline *p, struct tori_ctx *cx, bool renew)
{
    int64_t next_seq;

    while (!is_closing(p)) {
        struct tori_result r = read_next_seq(cx, p, renew, &next_seq);
        if (!TORI_FAILED(r))
            return next_seq;
        if (r.err == TORI_ERR_FENCED)
            end_fenced(cx);
        tori_log_failure(cx, TORI_ERROR, "store.away");
        usleep(200 * 1000);
        tori_arena_reset(cx->arena);
    }
    return SEQ_UNKNOWN;
}

static void commit_group(struct tori_pipeline *p, struct tori_ctx *cx, struct tori_group *group)
{
    const struct tori_change *list[TORI_GROUP_MAX];
    size_t n = lists_of(group, list);
    struct tori_result r = TORI_OK;

    for (struct tori_command *c = group->first; c != NULL && !TORI_FAILED(r); c = c->next)
        r = tori_seal_bodies(&c->cx, &c->flight.changes);
    if (!TORI_FAILED(r))
        r = tori_commit(cx, p->writer, list, n);
    atomic_fetch_add_explicit(&p->groups, 1, memory_order_relaxed);
    if (!TORI_FAILED(r)) {
        release_group(p, group);
        return;
    }
    if (r.err == TORI_ERR_FENCED)
        end_fenced(cx);
    bool refused = r.err == TORI_ERR_STORE_REFUSED;
    tori_log_failure(cx, TORI_ERROR, refused ? "commit.refused" : "commit.away");
    atomic_fetch_add_explicit(refused ? &p->refused_groups : &p->away_groups, 1,
                              memory_order_relaxed);
    if (refused) {
        break_group(p, group, TORI_BREAK_REFUSED, find_head(p, cx, false));
        return;
    }
    /* Whoever waits is told at once, and so is whoever comes until the store is back. */
    break_group(p, group, TORI_BREAK_AWAY, SEQ_UNKNOWN);
    *group = (struct tori_group){.id = group->id};
    break_group(p, group, TORI_BREAK_AWAY, find_head(p, cx, true));
}

void *tori_committer_main(void *pipeline)
{
    struct tori_pipeline *p = pipeline;
    struct tori_ctx cx = {.log = p->config.log, .app = p->config.app};
    struct tori_group group;

    cx.arena = tori_arena_new(p->config.arena_cap);
    if (cx.arena == NULL)
        abort();
    while (take_group(p, &group)) {
        commit_group(p, &cx, &group);
        tori_arena_reset(cx.arena);
    }
    tori_arena_free(cx.arena);
    return NULL;
}
