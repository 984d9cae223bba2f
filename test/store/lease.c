/* One owner a shard, whatever the others think of him. */
#include "fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void pause_ms(int64_t ms)
{
    usleep((useconds_t)(ms * 1000));
}

static bool try_take(struct fixture *f, struct tori_writer *writer)
{
    bool taken = false;
    assert_ok(&f->cx, tori_lease_take(&f->cx, writer, &taken));
    return taken;
}

static bool takes_within(struct fixture *f, struct tori_writer *writer, int64_t ms)
{
    int64_t until_ms = tori_clock_steady_ms() + ms;
    while (tori_clock_steady_ms() < until_ms) {
        if (try_take(f, writer))
            return true;
        pause_ms(10);
    }
    return false;
}

static void nobody_before_us(void **state)
{
    struct fixture *f = fixture_owned(state);
    assert_int_equal(tori_lease_epoch(f->writer), 1);
}

static void a_released_lease_is_taken_at_once(void **state)
{
    struct fixture *f = fixture_owned(state);

    assert_ok(&f->cx, tori_lease_release(&f->cx, f->writer));
    assert_fails(tori_commit(&f->cx, f->writer, NULL, 0), TORI_ERR_NOT_OWNER);
    struct tori_writer *next = fixture_writer(f, "second");
    assert_true(try_take(f, next));
    assert_int_equal(tori_lease_epoch(next), 2);
    tori_writer_close(next);
}

/* The same supervisor has seen its net end: no wait, the next epoch. */
static void a_successor_takes_at_once(void **state)
{
    struct fixture *f = fixture_owned(state);

    if (f->engine == TORI_ENGINE_SQLITE) {
        tori_writer_close(f->writer);
        f->writer = NULL;
    }
    struct tori_writer *next = fixture_writer(f, "first");
    assert_true(try_take(f, next));
    assert_int_equal(tori_lease_epoch(next), 2);
    if (f->writer != NULL)
        assert_fails(tori_commit(&f->cx, f->writer, NULL, 0), TORI_ERR_FENCED);
    tori_writer_close(next);
}

static void a_standby_waits_for_the_whole_lease(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_writer *standby = fixture_writer(f, "second");

    for (int i = 0; i < 15; i++) { /* twice the lease, with beats */
        assert_false(try_take(f, standby));
        pause_ms(40);
        assert_ok(&f->cx, tori_commit(&f->cx, f->writer, NULL, 0));
    }
    assert_false(try_take(f, standby)); /* sees the last beat */
    int64_t from_ms = tori_clock_steady_ms();
    assert_true(takes_within(f, standby, 60000));
    assert_true(tori_clock_steady_ms() - from_ms >= 300);
    assert_int_equal(tori_lease_epoch(standby), 2);
    assert_fails(tori_commit(&f->cx, f->writer, NULL, 0), TORI_ERR_FENCED);
    assert_ok(&f->cx, tori_commit(&f->cx, standby, NULL, 0));
    tori_writer_close(standby);
}

static void of_two_standbys_one_takes(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_writer *one = fixture_writer(f, "second");
    struct tori_writer *two = fixture_writer(f, "third");

    assert_false(try_take(f, one));
    assert_false(try_take(f, two));
    pause_ms(350);
    assert_true(try_take(f, one));
    assert_false(try_take(f, two));
    assert_ok(&f->cx, tori_commit(&f->cx, one, NULL, 0));
    tori_writer_close(one);
    tori_writer_close(two);
}

/* An embedded store is locked by the kernel: however still its owner lies, he owns. */
static void a_living_process_keeps_its_file(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_writer *standby = fixture_writer(f, "second");

    assert_false(takes_within(f, standby, 700));
    assert_ok(&f->cx, tori_commit(&f->cx, f->writer, NULL, 0));
    tori_writer_close(f->writer);
    f->writer = NULL;
    assert_true(try_take(f, standby));
    assert_int_equal(tori_lease_epoch(standby), 2);
    tori_writer_close(standby);
}

/* Somebody tidied up and removed the lock file: the epoch still keeps two owners apart. */
static void a_lost_lock_file_fences_the_first(void **state)
{
    struct fixture *f = fixture_owned(state);
    char path[300];

    snprintf(path, sizeof(path), "%s.lock", f->place);
    assert_int_equal(unlink(path), 0);
    struct tori_writer *next = fixture_writer(f, "second");
    assert_true(try_take(f, next));
    assert_fails(tori_commit(&f->cx, f->writer, NULL, 0), TORI_ERR_FENCED);
    assert_ok(&f->cx, tori_commit(&f->cx, next, NULL, 0));
    tori_writer_close(next);
}

/* The owner of another process: writes one journal row after the other until he may not. The exit
 * code is the error that ended him. */
static void own_and_write(struct fixture *f)
{
    struct tori_store *store = fixture_store(f, f->url, false);
    struct tori_writer *writer = NULL;
    struct tori_result done;
    bool taken = false;

    f->store = store;
    done = tori_writer_open(&f->cx, store, 0, TORI_STR("paused"), &writer);
    if (!TORI_FAILED(done))
        done = tori_lease_take(&f->cx, writer, &taken);
    for (int64_t seq = 1; taken && !TORI_FAILED(done); seq++) {
        struct tori_journal row = sample_journal(seq);
        struct tori_change change = change_of(TORI_INSERT, TORI_TABLE_JOURNAL, &row);
        const struct tori_change *list = &change;
        done = tori_commit(&f->cx, writer, &list, 1);
        tori_arena_reset(f->cx.arena);
    }
    _exit((int)done.err);
}

static int64_t head(struct fixture *f)
{
    int64_t seq = -1;
    assert_ok(&f->cx, tori_read_head(&f->cx, f->reader, 0, &seq));
    return seq;
}

static pid_t start_owner(struct fixture *f)
{
    pid_t pid = fork();
    if (pid == 0)
        own_and_write(f);
    for (int i = 0; i < 6000 && head(f) < 20; i++)
        pause_ms(10);
    assert_true(head(f) >= 20);
    return pid;
}

/* design.md §4: a paused owner commits nothing after a take-over. */
static void a_paused_owner_commits_nothing_afterwards(void **state)
{
    struct fixture *f = fixture_migrated(state);
    int status;

    pid_t pid = start_owner(f);
    kill(pid, SIGSTOP);
    struct tori_writer *standby = fixture_writer(f, "second");
    assert_true(takes_within(f, standby, 60000));
    int64_t seq = head(f);
    kill(pid, SIGCONT);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    /* FENCED; or, if he stopped inside a group, its connection was cut and what came of it
     * unknown. */
    if (WEXITSTATUS(status) != TORI_ERR_STORE_AWAY)
        assert_int_equal(WEXITSTATUS(status), TORI_ERR_FENCED);
    assert_int_equal(head(f), seq);
    tori_writer_close(standby);
}

static void a_paused_owner_keeps_an_embedded_store(void **state)
{
    struct fixture *f = fixture_migrated(state);
    int status;

    pid_t pid = start_owner(f);
    kill(pid, SIGSTOP);
    struct tori_writer *standby = fixture_writer(f, "second");
    assert_false(takes_within(f, standby, 700));
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    int64_t seq = head(f);
    assert_true(try_take(f, standby));
    assert_int_equal(tori_lease_epoch(standby), 2);
    assert_int_equal(head(f), seq);
    tori_writer_close(standby);
}

static void shards_have_leases_of_their_own(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_writer *other = NULL;

    assert_ok(&f->cx, tori_writer_open(&f->cx, f->store, 1, TORI_STR("second"), &other));
    assert_true(try_take(f, other));
    assert_ok(&f->cx, tori_commit(&f->cx, f->writer, NULL, 0));
    assert_ok(&f->cx, tori_commit(&f->cx, other, NULL, 0));
    tori_writer_close(other);
}

static const struct CMUnitTest tests[] = {
    both(nobody_before_us),
    both(a_released_lease_is_taken_at_once),
    both(a_successor_takes_at_once),
    on_pg(a_standby_waits_for_the_whole_lease),
    on_pg(of_two_standbys_one_takes),
    on_pg(a_paused_owner_commits_nothing_afterwards),
    on_pg(shards_have_leases_of_their_own),
    on_sqlite(a_living_process_keeps_its_file),
    on_sqlite(a_lost_lock_file_fences_the_first),
    on_sqlite(a_paused_owner_keeps_an_embedded_store),
};

int main(void)
{
    return tori_unit_run("lease", tests);
}
