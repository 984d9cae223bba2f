/* Migrations go forward, once each, and only over a history that is ours. */
#include "fixture.h"

static struct tori_result migrate(struct fixture *f)
{
    struct tori_store *owner = fixture_store(f, f->owner, false);
    struct tori_result done = tori_store_migrate(&f->cx, owner);
    tori_store_close(owner);
    return done;
}

static struct tori_result open_reader(struct fixture *f)
{
    struct tori_store *store = fixture_store(f, f->url, false);
    struct tori_reader *reader = NULL;
    struct tori_result opened = tori_reader_open(&f->cx, store, &reader);

    tori_reader_close(reader);
    tori_store_close(store);
    return opened;
}

static void an_empty_database_is_filled(void **state)
{
    struct fixture *f = fixture_empty(state);

    assert_ok(&f->cx, migrate(f));
    assert_ok(&f->cx, open_reader(f));
    assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM migration"), TORI_MIGRATIONS);
}

static void a_second_time_changes_nothing(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_customer customer = sample_customer(1);

    assert_ok(&f->cx, commit_one(f, change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &customer)));
    assert_ok(&f->cx, migrate(f));
    assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM customer"), 1);
}

/* SQLite reads an absent file as an error, PostgreSQL an empty database as one without tables. */
static void nothing_runs_before_migrations(void **state)
{
    struct fixture *f = fixture_empty(state);
    assert_fails(open_reader(f),
                 f->engine == TORI_ENGINE_SQLITE ? TORI_ERR_STORE_AWAY : TORI_ERR_STORE_DATA);
}

static void refused(struct fixture *f, const char *change)
{
    fixture_sql(f, change);
    assert_fails(migrate(f), TORI_ERR_STORE_DATA);
    assert_fails(open_reader(f), TORI_ERR_STORE_DATA);
}

static void a_newer_schema_is_refused(void **state)
{
    struct fixture *f = fixture_empty(state);
    assert_ok(&f->cx, migrate(f));
    refused(f, "INSERT INTO migration (number, name, hash) VALUES (1000, 'next', 'x')");
}

static void another_wording_is_refused(void **state)
{
    struct fixture *f = fixture_empty(state);
    assert_ok(&f->cx, migrate(f));
    refused(f, "UPDATE migration SET hash = 'other' WHERE number = 1");
}

static void another_name_is_refused(void **state)
{
    struct fixture *f = fixture_empty(state);
    assert_ok(&f->cx, migrate(f));
    refused(f, "UPDATE migration SET name = 'other' WHERE number = 1");
}

static void a_gap_is_refused(void **state)
{
    struct fixture *f = fixture_empty(state);
    assert_ok(&f->cx, migrate(f));
    refused(f, "UPDATE migration SET number = 2 WHERE number = 1");
}

static void a_lost_history_is_refused(void **state)
{
    struct fixture *f = fixture_empty(state);
    assert_ok(&f->cx, migrate(f));
    refused(f, "DROP TABLE migration");
}

static void somebody_elses_database_stays_as_it_is(void **state)
{
    struct fixture *f = fixture_empty(state);
    const char *query[TORI_ENGINES] = {
        "SELECT COUNT(*) FROM sqlite_schema",
        "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'"};

    fixture_sql(f, "CREATE TABLE holiday (day integer)");
    assert_fails(migrate(f), TORI_ERR_STORE_DATA);
    assert_int_equal(fixture_number(f, query[f->engine]), 1);
}

/* The last table of the first migration stands already: nothing of the migration remains. */
static void a_migration_that_fails_leaves_nothing(void **state)
{
    struct fixture *f = fixture_empty(state);

    fixture_sql(f, "CREATE TABLE migration (number bigint NOT NULL PRIMARY KEY, "
                   "name text NOT NULL, hash text NOT NULL)");
    fixture_sql(f, "CREATE TABLE lease (name text)");
    assert_fails(migrate(f), TORI_ERR_STORE_REFUSED);
    assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM migration"), 0);
    assert_false(fixture_try_sql(f, f->owner, "SELECT * FROM customer"));
    fixture_sql(f, "DROP TABLE lease");
    assert_ok(&f->cx, migrate(f));
}

static void a_store_to_be_read_is_not_written(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_store *store = fixture_store(f, f->url, true);
    struct tori_reader *reader = NULL;
    struct tori_writer *writer = NULL;
    struct tori_journal row = sample_journal(1);
    int64_t head = 0;

    assert_ok(&f->cx, commit_one(f, change_of(TORI_INSERT, TORI_TABLE_JOURNAL, &row)));
    assert_fails(tori_store_migrate(&f->cx, store), TORI_ERR_NOT_PERMITTED);
    assert_fails(tori_writer_open(&f->cx, store, 0, TORI_STR("x"), &writer),
                 TORI_ERR_NOT_PERMITTED);
    assert_ok(&f->cx, tori_reader_open(&f->cx, store, &reader));
    assert_ok(&f->cx, tori_read_head(&f->cx, reader, 0, &head));
    assert_int_equal(head, 1);
    tori_reader_close(reader);
    tori_store_close(store);
}

static void addresses_have_a_known_engine(void **state)
{
    struct fixture *f = fixture_empty(state);
    const char *bad[] = {"", "sqlite:", "mysql://x/y", "/var/lib/torimori.db", "postgresql:x"};
    struct tori_store *store = NULL;

    for (size_t i = 0; i < 5; i++) {
        struct tori_store_config config = {.url = tori_str_z(bad[i])};
        assert_fails(tori_store_open(&f->cx, &config, false, &store), TORI_ERR_SETTING_BAD);
    }
}

static const struct CMUnitTest tests[] = {
    both(an_empty_database_is_filled),
    both(a_second_time_changes_nothing),
    both(nothing_runs_before_migrations),
    both(a_newer_schema_is_refused),
    both(another_wording_is_refused),
    both(another_name_is_refused),
    both(a_gap_is_refused),
    both(a_lost_history_is_refused),
    both(somebody_elses_database_stays_as_it_is),
    both(a_migration_that_fails_leaves_nothing),
    both(a_store_to_be_read_is_not_written),
    on_sqlite(addresses_have_a_known_engine),
};

int main(void)
{
    return tori_unit_run("migrate", tests);
}
