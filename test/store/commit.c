/* A group is durable as a whole, refused as a whole, or its outcome is unknown and said to be. */
#include "fixture.h"

#include <pthread.h>

static int64_t rows_in(struct fixture *f, const char *table)
{
    char text[64];
    snprintf(text, sizeof(text), "SELECT COUNT(*) FROM %s", table);
    return fixture_number(f, text);
}

static void a_broken_change_takes_its_whole_group(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_customer customer = sample_customer(1);
    struct tori_journal one = sample_journal(1);
    struct tori_change good[] = {change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &customer),
                                 change_of(TORI_INSERT, TORI_TABLE_JOURNAL, &one)};
    struct tori_change same_again = change_of(TORI_INSERT, TORI_TABLE_JOURNAL, &one);
    const struct tori_change *list[] = {good, NULL, &same_again};

    good[0].next = &good[1];
    assert_fails(tori_commit(&f->cx, f->writer, list, 3), TORI_ERR_STORE_REFUSED);
    assert_int_equal(rows_in(f, "journal"), 0);
    assert_int_equal(rows_in(f, "customer"), 0);
    assert_ok(&f->cx, tori_commit(&f->cx, f->writer, list, 2));
    assert_int_equal(rows_in(f, "journal"), 1);
    assert_int_equal(rows_in(f, "customer"), 1);
}

static void sixty_four_lists_are_one_group(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_journal row[64];
    struct tori_change change[64];
    const struct tori_change *list[64];
    int64_t beat = fixture_number(f, "SELECT beat FROM lease");

    for (int i = 0; i < 64; i++) {
        row[i] = sample_journal(i + 1);
        change[i] = change_of(TORI_INSERT, TORI_TABLE_JOURNAL, &row[i]);
        list[i] = &change[i];
    }
    assert_ok(&f->cx, tori_commit(&f->cx, f->writer, list, 64));
    assert_int_equal(rows_in(f, "journal"), 64);
    assert_int_equal(fixture_number(f, "SELECT beat FROM lease"), beat + 1);
}

static void changes_are_made_in_their_order(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_customer first = sample_customer(1), second = sample_customer(1);
    struct tori_change one[] = {change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &first),
                                change_of(TORI_UPDATE, TORI_TABLE_CUSTOMER, &second),
                                change_of(TORI_DELETE, TORI_TABLE_CUSTOMER, &first)};
    struct tori_change two[] = {change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &first),
                                change_of(TORI_UPDATE, TORI_TABLE_CUSTOMER, &second)};
    const struct tori_change *list[] = {one, two};

    second.kind = 2;
    one[0].next = &one[1];
    one[1].next = &one[2];
    two[0].next = &two[1];
    assert_ok(&f->cx, tori_commit(&f->cx, f->writer, list, 2));
    assert_int_equal(fixture_number(f, "SELECT kind FROM customer"), 2);
}

static void an_update_of_nothing_takes_its_group_with_it(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_customer customer = sample_customer(1), other = sample_customer(2);
    const enum tori_change_kind kind[] = {TORI_UPDATE, TORI_DELETE};

    for (size_t i = 0; i < 2; i++) {
        struct tori_change pair[] = {change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &other),
                                     change_of(kind[i], TORI_TABLE_CUSTOMER, &customer)};
        const struct tori_change *list[] = {pair};

        pair[0].next = &pair[1];
        assert_fails(tori_commit(&f->cx, f->writer, list, 1), TORI_ERR_STORE_REFUSED);
        assert_int_equal(rows_in(f, "customer"), 0);
    }
    assert_ok(&f->cx, commit_one(f, change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &customer)));
}

/* What SQLite counts by itself, PostgreSQL has to be told to do for every table. */
static void no_table_of_postgresql_lets_an_update_of_nothing_pass(void **state)
{
    struct fixture *f = fixture_owned(state);

    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM pg_tables t WHERE schemaname = 'public' AND"
                          " tablename NOT IN ('lease', 'migration') AND 2 <> (SELECT count(*)"
                          " FROM pg_trigger WHERE tgrelid = t.tablename::regclass AND"
                          " tgname IN ('updates_meet', 'removals_meet') AND tgenabled = 'O')"),
        0);
}

static void text_is_checked_before_it_is_bound(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_customer customer = sample_customer(1);
    const struct tori_str bad[] = {TORI_STR_INIT("a\0b"), TORI_STR_INIT("\xff"),
                                   TORI_STR_INIT("\xc0\xaf"), TORI_STR_INIT("\xed\xa0\x80")};

    for (size_t i = 0; i < 4; i++) {
        customer.ref = bad[i];
        assert_fails(commit_one(f, change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &customer)),
                     TORI_ERR_STORE_REFUSED);
    }
    customer.ref = TORI_STR("取守🐦");
    assert_ok(&f->cx, commit_one(f, change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &customer)));
    assert_int_equal(rows_in(f, "customer"), 1);
}

static void an_idle_owner_beats(void **state)
{
    struct fixture *f = fixture_owned(state);
    int64_t beat = fixture_number(f, "SELECT beat FROM lease");

    for (int i = 0; i < 3; i++)
        assert_ok(&f->cx, tori_commit(&f->cx, f->writer, NULL, 0));
    assert_int_equal(fixture_number(f, "SELECT beat FROM lease"), beat + 3);
}

static void the_deadline_is_the_lease_less_its_margin(void **state)
{
    struct fixture *f = fixture_owned(state);
    int64_t before_ms = tori_clock_steady_ms();

    assert_ok(&f->cx, tori_commit(&f->cx, f->writer, NULL, 0));
    int64_t deadline_ms = tori_lease_deadline_ms(f->writer);
    assert_in_range(deadline_ms, before_ms + 200, tori_clock_steady_ms() + 200);
}

static void a_fenced_group_leaves_nothing(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_customer customer = sample_customer(1);
    struct tori_change change = change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &customer);

    fixture_sql(f, "UPDATE lease SET epoch = 2, owner = 'other'");
    assert_fails(commit_one(f, change), TORI_ERR_FENCED);
    assert_int_equal(rows_in(f, "customer"), 0);
    assert_int_equal(tori_lease_deadline_ms(f->writer), 0);

    /* For good: also when the epoch comes back. */
    fixture_sql(f, "UPDATE lease SET epoch = 1");
    bool taken;
    assert_fails(commit_one(f, change), TORI_ERR_FENCED);
    assert_fails(tori_writer_renew(&f->cx, f->writer), TORI_ERR_FENCED);
    assert_fails(tori_lease_take(&f->cx, f->writer, &taken), TORI_ERR_FENCED);
    assert_fails(tori_lease_release(&f->cx, f->writer), TORI_ERR_FENCED);
}

static void nobody_commits_without_a_lease(void **state)
{
    struct fixture *f = fixture_migrated(state);
    struct tori_customer customer = sample_customer(1);

    f->writer = fixture_writer(f, "first");
    assert_fails(commit_one(f, change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &customer)),
                 TORI_ERR_NOT_OWNER);
    assert_int_equal(rows_in(f, "customer"), 0);
}

/* A full disk: SQLite gives the whole transaction up; what it came to is asked anew. */
static void a_full_disk_is_unknown_and_recovers(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_customer customer = sample_customer(1);
    uint8_t *large = tori_arena_take(f->cx.arena, 1024 * 1024);
    const struct tori_engine *engine = f->writer->db->engine;

    assert_ok(&f->cx, engine->script(&f->cx, f->writer->db, "PRAGMA max_page_count = 120"));
    customer.data_key = (struct tori_bytes){large, 1024 * 1024};
    struct tori_change change = change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &customer);
    assert_fails(commit_one(f, change), TORI_ERR_STORE_AWAY);
    assert_fails(tori_commit(&f->cx, f->writer, NULL, 0), TORI_ERR_STORE_AWAY);

    assert_ok(&f->cx, engine->script(&f->cx, f->writer->db, "PRAGMA max_page_count = 100000"));
    assert_ok(&f->cx, tori_writer_renew(&f->cx, f->writer));
    assert_int_equal(tori_lease_epoch(f->writer), 2);
    assert_int_equal(rows_in(f, "customer"), 0);
    assert_ok(&f->cx, commit_one(f, change));
    assert_int_equal(rows_in(f, "customer"), 1);
}

/* Another process in the midst of its own transaction: late, and nothing of the group is left. */
static void a_store_held_by_another_is_away(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_customer customer = sample_customer(1);
    struct tori_change change = change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &customer);
    struct tori_store *store = fixture_store(f, f->url, false);
    struct tori_db *other;

    assert_ok(&f->cx, tori_db_open(&f->cx, store, TORI_USE_WRITER, &other));
    tori_db_begin(&f->cx, other, true);
    assert_ok(&f->cx, other->failed);
    assert_ok(&f->cx,
              f->writer->db->engine->script(&f->cx, f->writer->db, "PRAGMA busy_timeout = 50"));
    assert_fails(commit_one(f, change), TORI_ERR_STORE_AWAY);
    assert_ok(&f->cx, tori_db_end(&f->cx, other));
    assert_ok(&f->cx, tori_writer_renew(&f->cx, f->writer));
    assert_int_equal(rows_in(f, "customer"), 0);
    assert_ok(&f->cx, commit_one(f, change));
    tori_db_close(other);
    tori_store_close(store);
}

struct pairs {
    struct fixture *f;
    _Atomic bool over;
};

/* Raises the same number in rows of two tables, again and again. */
static void *raise_both(void *to)
{
    struct pairs *pairs = to;
    struct tori_ctx cx = {.arena = tori_arena_new(1 << 20)};
    struct tori_user user = {.customer_id = sample_id(1), .id = sample_id(2)};
    struct tori_lock lock = {.customer_id = sample_id(1), .id = sample_id(3)};
    struct tori_change change[] = {change_of(TORI_UPDATE, TORI_TABLE_USER, &user),
                                   change_of(TORI_UPDATE, TORI_TABLE_LOCK, &lock)};
    const struct tori_change *list = change;

    change[0].next = &change[1];
    while (!pairs->over) {
        user.session_epoch++;
        lock.scope++;
        if (TORI_FAILED(tori_commit(&cx, pairs->f->writer, &list, 1)))
            break;
    }
    bool early = !pairs->over;
    tori_arena_free(cx.arena);
    return early ? to : NULL;
}

static void a_load_is_one_snapshot(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_customer customer = sample_customer(1);
    struct tori_user user = {.customer_id = sample_id(1), .id = sample_id(2)};
    struct tori_lock lock = {.customer_id = sample_id(1), .id = sample_id(3)};
    struct tori_change change[] = {change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &customer),
                                   change_of(TORI_INSERT, TORI_TABLE_USER, &user),
                                   change_of(TORI_INSERT, TORI_TABLE_LOCK, &lock)};
    struct pairs pairs = {.f = f};
    struct tori_aggregate *agg;
    pthread_t thread;
    void *early;
    int64_t last = 0;

    assert_ok(&f->cx, commit_all(f, change, 3));
    pthread_create(&thread, NULL, raise_both, &pairs);
    for (int i = 0; i < 200 || last == 0; i++) {
        assert_ok(&f->cx, tori_load_aggregate(&f->cx, f->reader, &customer.customer_id, 0, &agg));
        last = tori_user_at(agg, 0)->session_epoch;
        assert_int_equal(last, tori_lock_at(agg, 0)->scope);
        tori_aggregate_free(agg);
        tori_arena_reset(f->cx.arena);
    }
    pairs.over = true;
    pthread_join(thread, &early);
    assert_null(early);
}

static const struct CMUnitTest tests[] = {
    both(a_broken_change_takes_its_whole_group),
    both(sixty_four_lists_are_one_group),
    both(changes_are_made_in_their_order),
    both(an_update_of_nothing_takes_its_group_with_it),
    on_pg(no_table_of_postgresql_lets_an_update_of_nothing_pass),
    both(text_is_checked_before_it_is_bound),
    both(an_idle_owner_beats),
    both(the_deadline_is_the_lease_less_its_margin),
    both(a_fenced_group_leaves_nothing),
    both(nobody_commits_without_a_lease),
    both(a_load_is_one_snapshot),
    on_sqlite(a_full_disk_is_unknown_and_recovers),
    on_sqlite(a_store_held_by_another_is_away),
};

int main(void)
{
    return tori_unit_run("commit", tests);
}
