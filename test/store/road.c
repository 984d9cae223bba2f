/* The road of a command on a real store: what design.md §4 promises of order, groups and locks.
 * Bare commands: their decides are written here. */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/aead.h"
#include "model/states.h"
#include "service/journal.h"
#include "service/pipeline.h"

/* One command of a test, with the place where its answer arrives. */
struct order {
    struct tori_command command;
    struct tori_id customer;
    int what;
    atomic_int *left;
    int status;
    int64_t seq; /* of its journal row; -1: none */
};

enum { NOTE, LOCK, WITHDRAW, BREAK };

static struct tori_result route(struct tori_ctx *cx, void *in)
{
    const struct order *order = in;
    cx->route = order->customer;
    return TORI_OK;
}

static TORI_RESULT record(struct tori_ctx *cx, const char *kind, struct tori_reply *out)
{
    struct tori_receipt receipt;
    struct tori_record record;

    tori_journal_begin(cx, kind, &record);
    TORI_TRY(tori_journal_body(cx, &record, "body", tori_str_bytes(tori_str_z(kind))));
    TORI_TRY(tori_journal_end(cx, &record, &receipt));
    tori_reply_int(out, "seq", receipt.seq);
    return TORI_OK;
}

static bool is_locked(const struct tori_aggregate *agg)
{
    for (size_t i = 0; i < tori_lock_count(agg); i++)
        if (tori_lock_at(agg, i)->state == TORI_LOCK_HOLDS)
            return true;
    return false;
}

static TORI_RESULT put_lock(struct tori_ctx *cx)
{
    struct tori_lock lock = {.customer_id = cx->route,
                             .id = tori_id_new(&cx->random, cx->now, 1),
                             .state = TORI_LOCK_HOLDS};
    return tori_lock_put(cx, cx->state->customer, &lock);
}

/* A row that the store will not have: the same route twice. */
static TORI_RESULT put_twice(struct tori_ctx *cx)
{
    struct tori_customer_route row = {sample_hash(7), cx->route};

    TORI_TRY(tori_customer_route_insert(cx, &row));
    return tori_customer_route_insert(cx, &row);
}

static struct tori_result decide(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct order *order = in;

    switch (order->what) {
    case LOCK:
        TORI_TRY(put_lock(cx));
        return record(cx, "locked", out);
    case WITHDRAW:
        if (is_locked(cx->state->customer))
            return TORI_FAIL(cx, LOCKED);
        return record(cx, "withdrawn", out);
    case BREAK:
        TORI_TRY(put_twice(cx));
        return record(cx, "broken", out);
    default:
        return record(cx, "noted", out);
    }
}

static int64_t seq_in(struct tori_ctx *cx, const struct tori_reply *reply)
{
    struct tori_json json;

    if (reply->status != 200 ||
        TORI_FAILED(tori_json_parse(cx, tori_buf_view(&reply->body), &json)))
        return -1;
    const struct tori_json *seq = tori_json_get(&json, TORI_STR("seq"));
    return seq == NULL ? -1 : seq->number;
}

static void done(struct tori_command *command)
{
    struct order *order = command->owner;

    order->status = command->reply.status;
    order->seq = seq_in(&command->cx, &command->reply);
    tori_arena_free(command->cx.arena);
    command->cx.arena = NULL;
    atomic_fetch_sub(order->left, 1);
}

struct road {
    struct tori_pipeline *pipeline;
    int workers;
    bool in_order;
};

static void start(struct fixture *f, struct road *road)
{
    struct tori_pipeline_config config = {
        .store = f->store,
        .owner = TORI_STR("road"),
        .lease_ms = 10000,
        .workers = road->workers,
        .queue_cap = 8192,
        .aggregates_max = 1000,
        .arena_cap = 16 * 1024 * 1024,
        .lobby_max = 16,
        .in_order = road->in_order,
    };

    tori_aead_init();
    assert_ok(&f->cx, tori_pipeline_new(&f->cx, &config, &road->pipeline));
    for (int i = 0; i < 500 && !tori_pipeline_ready(road->pipeline); i++)
        usleep(10 * 1000);
    assert_true(tori_pipeline_ready(road->pipeline));
}

static void submit(struct road *road, struct order *order, uint64_t n)
{
    struct tori_command *command = &order->command;

    memset(command, 0, sizeof(*command));
    command->cx.arena = tori_arena_new(1024 * 1024);
    command->cx.now = 1795150800000 + (tori_time)n;
    tori_random_fixed(&command->cx.random, n + 1);
    command->prepare = route;
    command->quick = n % 3 == 0; /* prepared by who submits, the others by workers */
    command->decide = decide;
    command->in = order;
    command->deadline_ms = tori_clock_steady_ms() + 60000;
    command->done = done;
    command->owner = order;
    tori_pipeline_submit(road->pipeline, command);
}

static void run(struct road *road, struct order *orders, size_t count, uint64_t first)
{
    atomic_int left = (int)count;

    for (size_t i = 0; i < count; i++) {
        orders[i].left = &left;
        submit(road, &orders[i], first + i);
    }
    for (int i = 0; i < 6000 && atomic_load(&left) > 0; i++)
        usleep(10 * 1000);
    assert_int_equal(atomic_load(&left), 0);
}

static struct order *make_orders(struct fixture *f, size_t count)
{
    struct order *orders = tori_arena_take(f->cx.arena, count * sizeof(*orders));
    assert_non_null(orders);
    return orders;
}

/* Every acknowledged command has its one row, and seq is dense from 0. */
static void each_answer_has_its_row(void **state)
{
    enum { COUNT = 500 };
    struct fixture *f = fixture_migrated(state);
    struct road road = {.workers = 8};
    struct order *orders = make_orders(f, COUNT);
    bool seen[COUNT] = {false};

    for (size_t i = 0; i < COUNT; i++)
        orders[i] = (struct order){.customer = sample_id(i % 37 + 1), .what = NOTE};
    start(f, &road);
    run(&road, orders, COUNT, 0);
    tori_pipeline_free(road.pipeline);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(orders[i].status, 200);
        assert_in_range(orders[i].seq, 0, COUNT - 1);
        assert_false(seen[orders[i].seq]);
        seen[orders[i].seq] = true;
    }
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM journal"), COUNT);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM evidence_body"), COUNT);
}

/* LOCK-07: whatever was decided after a lock sees it: no withdrawal has a later row than its
 * lock. */
static void no_withdrawal_after_its_lock(void **state)
{
    enum { PAIRS = 1000 };
    struct fixture *f = fixture_migrated(state);
    struct road road = {.workers = 8};
    struct order *orders = make_orders(f, PAIRS * 3);
    size_t before = 0, refused = 0;

    for (size_t i = 0; i < PAIRS; i++) {
        orders[3 * i] =
            (struct order){.customer = sample_id(i + 1), .what = i % 2 == 0 ? WITHDRAW : LOCK};
        orders[3 * i + 1] =
            (struct order){.customer = sample_id(i + 1), .what = i % 2 == 0 ? LOCK : WITHDRAW};
        orders[3 * i + 2] = (struct order){.customer = sample_id(i + 1), .what = WITHDRAW};
    }
    start(f, &road);
    run(&road, orders, PAIRS * 3, 0);
    tori_pipeline_free(road.pipeline);
    for (size_t i = 0; i < PAIRS * 3; i++) {
        const struct order *lock = &orders[i / 3 * 3 + (i / 3 % 2 == 0 ? 1 : 0)];
        if (orders[i].what != WITHDRAW)
            continue;
        assert_int_equal(lock->status, 200);
        if (orders[i].status == 200)
            assert_true(orders[i].seq < lock->seq);
        before += orders[i].status == 200;
        refused += orders[i].status == 403;
    }
    assert_int_equal(before + refused, PAIRS * 2);
    assert_true(refused >= PAIRS); /* the third of each, at least where it came last */
}

static struct tori_hash hash_of_journal(struct fixture *f)
{
    struct tori_journal_page page;
    struct tori_hash hash = {{0}};
    const struct tori_journal_span span = {0, 0, 10000};

    assert_ok(&f->cx, tori_read_journal(&f->cx, f->reader, &span, &page));
    for (size_t i = 0; i < page.count; i++)
        hash = tori_sha256_parts(
            (const struct tori_bytes[]){tori_hash_bytes(&hash), tori_str_bytes(page.row[i]->entry),
                                        tori_hash_bytes(&page.row[i]->leaf_hash)},
            3);
    return hash;
}

/* The journal of the same commands, made by so many workers, stopped and started again in the
 * middle or not. */
static struct tori_hash journal_of(struct fixture *f, int workers, bool stop_in_the_middle)
{
    enum { COUNT = 300 };
    struct order *orders = make_orders(f, COUNT);
    struct road road = {.workers = workers, .in_order = true};
    size_t first = stop_in_the_middle ? COUNT / 2 : COUNT;

    for (size_t i = 0; i < COUNT; i++)
        orders[i] =
            (struct order){.customer = sample_id(i % 11 + 1), .what = i % 5 == 4 ? LOCK : WITHDRAW};
    start(f, &road);
    run(&road, orders, first, 0);
    tori_pipeline_free(road.pipeline);
    if (stop_in_the_middle) {
        start(f, &road);
        run(&road, orders + first, COUNT - first, first);
        tori_pipeline_free(road.pipeline);
    }
    return hash_of_journal(f);
}

/* What this journal is, on any engine and with any number of workers: computed once, by this build,
 * on the first case that runs. */
static struct tori_hash reference;

static void same_as_before(const struct tori_hash *hash)
{
    if (tori_hash_is_zero(&reference))
        reference = *hash;
    assert_true(tori_hash_eq(&reference, hash));
}

static void one_worker_makes_the_same_journal(void **state)
{
    struct tori_hash hash = journal_of(fixture_migrated(state), 1, false);
    same_as_before(&hash);
}

static void eight_workers_make_the_same_journal(void **state)
{
    struct tori_hash hash = journal_of(fixture_migrated(state), 8, false);
    same_as_before(&hash);
}

static void a_restart_in_the_middle_makes_the_same_journal(void **state)
{
    struct tori_hash hash = journal_of(fixture_migrated(state), 8, true);
    same_as_before(&hash);
}

/* A change that the store refuses hurts its own command only. */
static void a_refused_change_hurts_itself_only(void **state)
{
    enum { COUNT = 60 };
    struct fixture *f = fixture_migrated(state);
    struct road road = {.workers = 4, .in_order = true};
    struct order *orders = make_orders(f, COUNT);

    for (size_t i = 0; i < COUNT; i++)
        orders[i] =
            (struct order){.customer = sample_id(i % 7 + 1), .what = i == 20 ? BREAK : NOTE};
    start(f, &road);
    run(&road, orders, COUNT, 0);
    tori_pipeline_free(road.pipeline);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(orders[i].status, i == 20 ? 500 : 200);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM journal"), COUNT - 1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM journal WHERE kind = 'broken'"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        both(each_answer_has_its_row),
        both(no_withdrawal_after_its_lock),
        both(one_worker_makes_the_same_journal),
        both(eight_workers_make_the_same_journal),
        both(a_restart_in_the_middle_makes_the_same_journal),
        both(a_refused_change_hurts_itself_only),
    };
    return tori_unit_run("store/road", tests);
}
