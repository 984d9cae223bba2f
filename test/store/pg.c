/* What only a server beside can do to us: lose a connection, be set up wrongly, answer too late. */
#include "fixture.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/pg_int.h"

#define BACKENDS                                                                                   \
    "FROM pg_stat_activity WHERE application_name = 'torimori' AND datname = current_database() "

static int64_t customers(struct fixture *f)
{
    return fixture_number(f, "SELECT COUNT(*) FROM customer");
}

static int64_t head(struct fixture *f)
{
    int64_t seq = -2;
    assert_ok(&f->cx, tori_read_head(&f->cx, f->reader, 0, &seq));
    return seq;
}

/* The first journal row and a customer. */
static struct tori_result commit_pair(struct fixture *f)
{
    struct tori_customer customer = sample_customer(1);
    struct tori_journal row = sample_journal(0);
    struct tori_change change[] = {change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &customer),
                                   change_of(TORI_INSERT, TORI_TABLE_JOURNAL, &row)};
    return commit_all(f, change, 2);
}

static int writer_pid(struct fixture *f)
{
    return PQbackendPID(((struct pg_db *)f->writer->db)->conn);
}

static void terminate(struct fixture *f, int pid)
{
    char text[80];
    snprintf(text, sizeof(text), "SELECT pg_terminate_backend(%d, 5000)::int", pid);
    assert_int_equal(fixture_number(f, text), 1);
}

static void wait_until(struct fixture *f, const char *query, int64_t wanted)
{
    for (int i = 0; i < 500 && fixture_number(f, query) != wanted; i++)
        usleep(20 * 1000);
    assert_int_equal(fixture_number(f, query), wanted);
}

static void wait_until_gone(struct fixture *f, int pid)
{
    char text[120];
    snprintf(text, sizeof(text), "SELECT COUNT(*) FROM pg_stat_activity WHERE pid = %d", pid);
    wait_until(f, text, 0);
}

/* Another session that has locked the lease's row, so that a group waits inside the server. */
static PGconn *hold_lease(struct fixture *f)
{
    PGconn *conn = PQconnectdb(f->owner);
    PGresult *result = PQexec(conn, "BEGIN; UPDATE lease SET owner = owner");

    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    return conn;
}

static void a_lost_connection_is_unknown(void **state)
{
    struct fixture *f = fixture_owned(state);

    terminate(f, writer_pid(f));
    assert_fails(commit_pair(f), TORI_ERR_STORE_AWAY);
    assert_fails(tori_commit(&f->cx, f->writer, NULL, 0), TORI_ERR_STORE_AWAY);
    assert_ok(&f->cx, tori_writer_renew(&f->cx, f->writer));
    assert_int_equal(tori_lease_epoch(f->writer), 2);
    assert_int_equal(customers(f), 0);
    assert_ok(&f->cx, commit_pair(f));
    assert_int_equal(customers(f), 1);
}

static void *terminate_soon(void *to)
{
    struct fixture *f = to;
    wait_until(f, "SELECT COUNT(*) " BACKENDS "AND wait_event_type = 'Lock'", 1);
    fixture_number(f, "SELECT pg_terminate_backend(pid)::int " BACKENDS
                      "AND wait_event_type = 'Lock'");
    return NULL;
}

static void a_backend_killed_inside_a_group_is_unknown(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct fixture copy = *f; /* with an arena of its own, for the other thread */
    pthread_t thread;

    copy.cx.arena = tori_arena_new(1 << 20);
    PGconn *holder = hold_lease(f);
    pthread_create(&thread, NULL, terminate_soon, &copy);
    assert_fails(commit_pair(f), TORI_ERR_STORE_AWAY);
    pthread_join(thread, NULL);
    PQfinish(holder);
    assert_ok(&f->cx, tori_writer_renew(&f->cx, f->writer));
    assert_int_equal(customers(f), 0);
    assert_ok(&f->cx, commit_pair(f));
    tori_arena_free(copy.cx.arena);
}

/* Bytes of a group can lie in the server's socket when we have long given it up. The renewal's new
 * epoch keeps them out: what the head was after it stays. */
static void a_late_group_stays_out(void **state)
{
    struct fixture *f = fixture_owned(state);
    int pid = writer_pid(f);

    f->store->answer_ms = 300;
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_fails(commit_pair(f), TORI_ERR_STORE_AWAY);
    f->store->answer_ms = 5000;
    assert_ok(&f->cx, tori_writer_renew(&f->cx, f->writer));
    assert_int_equal(head(f), -1);
    assert_int_equal(kill(pid, SIGCONT), 0);
    wait_until_gone(f, pid);
    assert_int_equal(head(f), -1);
    assert_int_equal(customers(f), 0);
    assert_ok(&f->cx, commit_pair(f));
}

/* A group that waited inside the server when we gave it up is in front of our renewal: whatever
 * comes of it is there when the renewal is. */
static void a_group_before_the_renewal_counts(void **state)
{
    struct fixture *f = fixture_owned(state);
    int pid = writer_pid(f);

    PGconn *holder = hold_lease(f);
    f->store->answer_ms = 300;
    assert_fails(commit_pair(f), TORI_ERR_STORE_AWAY);
    f->store->answer_ms = 5000;
    PQfinish(holder);
    assert_ok(&f->cx, tori_writer_renew(&f->cx, f->writer));
    int64_t seq = head(f);
    wait_until_gone(f, pid);
    assert_int_equal(head(f), seq);
    assert_int_equal(customers(f), seq + 1);
}

/* A renewal's own outcome can be unknown: the next one finds an epoch that we asked for
 * ourselves. */
static void a_renewal_without_an_answer_is_made_again(void **state)
{
    struct fixture *f = fixture_owned(state);

    terminate(f, writer_pid(f));
    assert_fails(commit_pair(f), TORI_ERR_STORE_AWAY);
    PGconn *holder = hold_lease(f);
    f->store->answer_ms = 300;
    assert_fails(tori_writer_renew(&f->cx, f->writer), TORI_ERR_STORE_AWAY);
    PQfinish(holder);
    wait_until(f, "SELECT epoch FROM lease", 2);
    f->store->answer_ms = 5000;
    assert_ok(&f->cx, tori_writer_renew(&f->cx, f->writer));
    assert_int_equal(tori_lease_epoch(f->writer), 3);
    assert_ok(&f->cx, commit_pair(f));
}

/* A writer that stops between its statements would hold the lease's row for ever. */
static void a_stalled_writer_is_cut_off(void **state)
{
    struct fixture *f = fixture_owned(state);
    PGconn *stalled = PQconnectdb(f->url);
    bool taken = false;

    PQclear(PQexec(stalled, tori_queries[TORI_QUERY_SESSION].text[TORI_ENGINE_PG]));
    PQclear(PQexec(stalled, "BEGIN; UPDATE lease SET beat = beat"));
    int64_t from_ms = tori_clock_steady_ms();
    struct tori_writer *next = fixture_writer(f, "first");
    assert_ok(&f->cx, tori_lease_take(&f->cx, next, &taken));
    assert_true(taken);
    assert_in_range(tori_clock_steady_ms() - from_ms, 1000, 4900);
    PQclear(PQexec(stalled, "COMMIT"));
    assert_int_equal(PQstatus(stalled), CONNECTION_BAD);
    PQfinish(stalled);
    tori_writer_close(next);
}

static void a_reader_connects_again(void **state)
{
    struct fixture *f = fixture_migrated(state);
    int64_t seq;

    terminate(f, PQbackendPID(((struct pg_db *)f->reader->db)->conn));
    assert_fails(tori_read_head(&f->cx, f->reader, 0, &seq), TORI_ERR_STORE_AWAY);
    assert_ok(&f->cx, tori_read_head(&f->cx, f->reader, 0, &seq));
}

static void a_server_that_is_not_there_is_away(void **state)
{
    struct fixture *f = fixture_empty(state);
    struct tori_store *store =
        fixture_store(f, "postgresql://torimori_app@/x?host=/nowhere", false);
    struct tori_reader *reader = NULL;

    assert_fails(tori_reader_open(&f->cx, store, &reader), TORI_ERR_STORE_AWAY);
    tori_store_close(store);
}

static struct tori_result open_writer(struct fixture *f, const char *url)
{
    struct tori_store *store = fixture_store(f, url, false);
    struct tori_writer *writer = NULL;
    struct tori_result opened = tori_writer_open(&f->cx, store, 0, TORI_STR("first"), &writer);

    tori_writer_close(writer);
    tori_store_close(store);
    return opened;
}

static void set_system(struct fixture *f, const char *name, const char *value)
{
    char text[120];

    snprintf(text, sizeof(text), "ALTER SYSTEM SET %s = %s", name, value);
    fixture_sql(f, text);
    fixture_sql(f, "SELECT pg_reload_conf()");
    snprintf(text, sizeof(text), "SELECT (current_setting('%s') = '%s')::int", name, value);
    wait_until(f, text, 1);
}

static void a_forgetful_server_is_refused(void **state)
{
    struct fixture *f = fixture_migrated(state);
    const char *name[] = {"fsync", "full_page_writes", "synchronous_commit"};

    for (size_t i = 0; i < 3; i++) {
        set_system(f, name[i], "off");
        assert_fails(open_writer(f, f->url), TORI_ERR_SETTING_BAD);
        assert_text(f->cx.failure.fields[0].text, name[i]);
        set_system(f, name[i], "on");
        assert_ok(&f->cx, open_writer(f, f->url));
    }
}

static void a_server_as_the_owner_is_refused(void **state)
{
    struct fixture *f = fixture_migrated(state);

    assert_fails(open_writer(f, f->owner), TORI_ERR_SETTING_BAD);
    assert_text(f->cx.failure.fields[0].text, "role");
}

static void the_server_may_not_change_tables(void **state)
{
    struct fixture *f = fixture_owned(state);
    const char *forbidden[] = {"CREATE TABLE x (y int)",
                               "DROP TABLE customer",
                               "ALTER TABLE journal ADD COLUMN x int",
                               "TRUNCATE journal",
                               "TRUNCATE customer",
                               "DELETE FROM lease",
                               "DELETE FROM migration",
                               "UPDATE migration SET hash = ''",
                               "INSERT INTO migration VALUES (9, '', '')",
                               "SET ROLE torimori_owner"};

    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
        if (fixture_try_sql(f, f->url, forbidden[i]))
            fail_msg("allowed: %s", forbidden[i]);
    assert_true(fixture_try_sql(f, f->url, "SELECT * FROM journal"));
}

static void the_server_may_not_migrate(void **state)
{
    struct fixture *f = fixture_migrated(state);

    fixture_sql(f, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; "
                   "GRANT USAGE ON SCHEMA public TO torimori_app");
    assert_fails(tori_store_migrate(&f->cx, f->store), TORI_ERR_STORE_REFUSED);
}

static const struct CMUnitTest tests[] = {
    on_pg(a_lost_connection_is_unknown),
    on_pg(a_backend_killed_inside_a_group_is_unknown),
    on_pg(a_late_group_stays_out),
    on_pg(a_group_before_the_renewal_counts),
    on_pg(a_renewal_without_an_answer_is_made_again),
    on_pg(a_stalled_writer_is_cut_off),
    on_pg(a_reader_connects_again),
    on_pg(a_server_that_is_not_there_is_away),
    on_pg(a_forgetful_server_is_refused),
    on_pg(a_server_as_the_owner_is_refused),
    on_pg(the_server_may_not_change_tables),
    on_pg(the_server_may_not_migrate),
};

int main(void)
{
    return tori_unit_run("pg", tests);
}
