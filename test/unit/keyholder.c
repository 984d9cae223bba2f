/* The keyholder as a real process, asked over its socket: what it does, what it refuses, and what
 * is left of it after a kill. */
#include "test/unit/keyholder.h"

#include <pthread.h>

#include "base/exit.h"
#include "base/file.h"
#include "domain/evidence/note.h"
#include "keys/message.h"

static struct tori_hash leaf_of(uint64_t i)
{
    return tori_leaf_hash((struct tori_bytes){(const uint8_t *)&i, sizeof(i)});
}

struct leaves {
    struct tori_frontier log;
    struct tori_hash next[TORI_EXTEND_MAX];
};

/* Extends by n leaves; the result, and what the log should be afterwards. */
static struct tori_result extend(struct tori_ctx *cx, struct holder *h, struct leaves *l, size_t n,
                                 struct tori_str *checkpoint)
{
    struct tori_extension e = {.from_size = l->log.size, .leaf = l->next, .count = n};
    struct tori_frontier longer = l->log;

    for (size_t i = 0; i < n; i++) {
        l->next[i] = leaf_of(l->log.size + i);
        tori_frontier_append(&longer, &l->next[i]);
    }
    TORI_TRY(tori_keys_log_extend(cx, h->keys, &e, checkpoint));
    l->log = longer;
    return TORI_OK;
}

/* The checkpoint is signed by the key of `vkey` and says what `log` is. */
static void assert_says(struct tori_ctx *cx, struct tori_str checkpoint, struct tori_str vkey,
                        const struct tori_frontier *log)
{
    struct tori_note_key key;
    struct tori_opened opened;
    struct tori_hash root = tori_frontier_root(log);

    assert_ok(cx, tori_vkey_read(cx, vkey, &key));
    assert_ok(cx, tori_checkpoint_open(cx, checkpoint, &key, &opened));
    assert_int_equal(opened.checkpoint.head.size, log->size);
    assert_true(tori_hash_eq(&opened.checkpoint.head.root, &root));
}

static void it_signs_the_root_it_computed(void **state)
{
    struct tori_ctx *cx = *state;
    struct holder h;
    struct tori_str vkey, checkpoint;
    static struct leaves l;
    uint64_t size;

    memset(&l, 0, sizeof(l));
    holder_new(cx, &h);
    assert_ok(cx, tori_keys_log_vkey(cx, h.keys, &vkey));
    assert_true(tori_str_starts(vkey, TORI_STR(ORIGIN "+")));
    assert_ok(cx, tori_keys_log_checkpoint(cx, h.keys, &size, &checkpoint));
    assert_says(cx, checkpoint, vkey, &l.log);
    static const size_t steps[] = {1, 2, 250, 4, 1024, 1};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        assert_ok(cx, extend(cx, &h, &l, steps[i], &checkpoint));
        assert_says(cx, checkpoint, vkey, &l.log);
    }
    assert_ok(cx, tori_keys_log_size(cx, h.keys, &size));
    assert_int_equal(size, 1282);
    holder_stop(&h);
}

static void other_sizes_are_refused(void **state)
{
    struct tori_ctx *cx = *state;
    struct holder h;
    static struct leaves l;
    struct tori_str checkpoint;
    static const uint64_t wrong[] = {0, 1, 4, 6, 5 + ((uint64_t)1 << 63), UINT64_MAX};
    uint64_t size;

    memset(&l, 0, sizeof(l));
    holder_new(cx, &h);
    assert_ok(cx, extend(cx, &h, &l, 5, &checkpoint));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct tori_extension e = {wrong[i], l.next, 1};
        assert_fails(tori_keys_log_extend(cx, h.keys, &e, &checkpoint), TORI_ERR_LOG_DIFFERS);
    }
    struct tori_extension none = {5, l.next, 0}, many = {5, l.next, TORI_EXTEND_MAX + 1};
    assert_fails(tori_keys_log_extend(cx, h.keys, &none, &checkpoint), TORI_ERR_TOO_LARGE);
    assert_fails(tori_keys_log_extend(cx, h.keys, &many, &checkpoint), TORI_ERR_TOO_LARGE);
    assert_ok(cx, tori_keys_log_size(cx, h.keys, &size));
    assert_int_equal(size, 5);
    holder_stop(&h);
}

static void data_keys_open_for_their_owner_only(void **state)
{
    struct tori_ctx *cx = *state;
    struct holder h;
    struct tori_id owner = tori_id_new(&cx->random, cx->now, 1),
                   stranger = tori_id_new(&cx->random, cx->now, 1);
    struct tori_wrapped wrapped, second;
    struct tori_key32 key, again;

    holder_new(cx, &h);
    assert_ok(cx, tori_keys_data_key_new(cx, h.keys, &owner, &wrapped, &key));
    assert_ok(cx, tori_keys_data_key_new(cx, h.keys, &owner, &second, &again));
    assert_false(tori_ct_eq(key.at, again.at, 32));
    holder_stop(&h);
    holder_start(cx, &h, NULL);
    struct tori_bytes w = {wrapped.at, wrapped.len};
    assert_ok(cx, tori_keys_data_key_open(cx, h.keys, &owner, w, &again));
    assert_true(tori_ct_eq(key.at, again.at, 32));
    assert_fails(tori_keys_data_key_open(cx, h.keys, &stranger, w, &again), TORI_ERR_NOT_PERMITTED);
    for (size_t i = 0; i < wrapped.len; i++) {
        wrapped.at[i] ^= 4;
        assert_fails(tori_keys_data_key_open(cx, h.keys, &owner, w, &again),
                     TORI_ERR_NOT_PERMITTED);
        wrapped.at[i] ^= 4;
    }
    w.len--;
    assert_fails(tori_keys_data_key_open(cx, h.keys, &owner, w, &again), TORI_ERR_STORE_DATA);
    struct tori_keys_counts counts;
    assert_ok(cx, tori_keys_count(cx, h.keys, &counts));
    assert_int_equal(counts.keys_opened, 1);
    assert_int_equal(counts.refusals, 1 + wrapped.len);
    holder_stop(&h);
}

static void a_kill_loses_nothing(void **state)
{
    struct tori_ctx *cx = *state;
    struct holder h;
    static struct leaves l;
    struct tori_str checkpoint, again, vkey;
    uint64_t size;

    memset(&l, 0, sizeof(l));
    holder_new(cx, &h);
    assert_ok(cx, tori_keys_log_vkey(cx, h.keys, &vkey));
    for (int round = 0; round < 5; round++) {
        assert_ok(cx, extend(cx, &h, &l, 7, &checkpoint));
        holder_kill(&h);
        holder_start(cx, &h, NULL);
        assert_ok(cx, tori_keys_log_checkpoint(cx, h.keys, &size, &again));
        assert_int_equal(size, l.log.size);
        assert_says(cx, again, vkey, &l.log);
        assert_true(tori_str_eq(checkpoint, again));
    }
    holder_stop(&h);
}

/* Killed at a named place while extending from 3 to 5: the size it comes back with. */
static uint64_t size_after_kill_at(struct tori_ctx *cx, const char *failpoint)
{
    struct holder h;
    static struct leaves l;
    struct tori_str checkpoint;
    uint64_t size;

    memset(&l, 0, sizeof(l));
    holder_new(cx, &h);
    assert_ok(cx, extend(cx, &h, &l, 3, &checkpoint));
    holder_stop(&h);
    holder_start(cx, &h, failpoint);
    assert_fails(extend(cx, &h, &l, 2, &checkpoint), TORI_ERR_KEYHOLDER_AWAY);
    assert_int_equal(holder_wait(&h), -SIGKILL);
    holder_start(cx, &h, NULL);
    assert_ok(cx, tori_keys_log_size(cx, h.keys, &size));
    if (size == 3)
        assert_ok(cx, extend(cx, &h, &l, 2, &checkpoint));
    else
        assert_fails(extend(cx, &h, &l, 2, &checkpoint), TORI_ERR_LOG_DIFFERS);
    holder_stop(&h);
    return size;
}

static void a_kill_while_extending_leaves_one_size(void **state)
{
    struct tori_ctx *cx = *state;

    assert_int_equal(size_after_kill_at(cx, "file.synced"), 3);
    assert_int_equal(size_after_kill_at(cx, "file.renamed"), 5);
    assert_int_equal(size_after_kill_at(cx, "keyholder.synced"), 5);
    assert_int_equal(size_after_kill_at(cx, "keyholder.answered"), 5);
}

/* A frontier as ADOPT wants it, and the signature of the checkpoint it belongs to. */
static struct tori_adoption adoption_of(struct tori_ctx *cx, const struct tori_frontier *log,
                                        struct tori_str checkpoint, struct tori_str vkey)
{
    static struct tori_hash node[TORI_TREE_LEVELS];
    static struct tori_opened opened;
    struct tori_note_key key;
    struct tori_adoption adoption = {
        .epoch = 4, .size = log->size, .node = node, .signature = opened.signature};

    assert_ok(cx, tori_vkey_read(cx, vkey, &key));
    assert_ok(cx, tori_checkpoint_open(cx, checkpoint, &key, &opened));
    for (int level = TORI_TREE_LEVELS - 1; level >= 0; level--)
        if ((log->size >> level & 1) != 0)
            node[adoption.count++] = log->node[level];
    return adoption;
}

static void lose_state(struct tori_ctx *cx, struct holder *h)
{
    char path[128];

    holder_stop(h);
    holder_path(h, "log.state", path);
    assert_int_equal(unlink(path), 0);
    holder_start(cx, h, NULL);
}

static void a_lost_state_is_adopted_once_an_epoch(void **state)
{
    struct tori_ctx *cx = *state;
    struct holder h;
    static struct leaves l, fresh;
    struct tori_str checkpoint, vkey, got;
    uint64_t size;

    memset(&l, 0, sizeof(l));
    memset(&fresh, 0, sizeof(fresh));
    holder_new(cx, &h);
    assert_ok(cx, tori_keys_log_vkey(cx, h.keys, &vkey));
    assert_ok(cx, extend(cx, &h, &l, 11, &checkpoint));
    struct tori_adoption a = adoption_of(cx, &l.log, checkpoint, vkey);
    assert_fails(tori_keys_log_adopt(cx, h.keys, &a, &got), TORI_ERR_NOT_PERMITTED);

    lose_state(cx, &h);
    assert_fails(extend(cx, &h, &fresh, 1, &got), TORI_ERR_NOT_PERMITTED); /* no second log */
    assert_fails(extend(cx, &h, &l, 1, &got), TORI_ERR_NOT_PERMITTED);
    assert_fails(tori_keys_log_checkpoint(cx, h.keys, &size, &got), TORI_ERR_NOT_PERMITTED);
    assert_ok(cx, tori_keys_beat(cx, h.keys));
    assert_ok(cx, tori_keys_log_adopt(cx, h.keys, &a, &got));
    assert_says(cx, got, vkey, &l.log);
    a.epoch = 5;
    assert_fails(tori_keys_log_adopt(cx, h.keys, &a, &got), TORI_ERR_NOT_PERMITTED);

    lose_state(cx, &h);
    a.epoch = 4;
    assert_fails(tori_keys_log_adopt(cx, h.keys, &a, &got), TORI_ERR_NOT_PERMITTED);
    a.epoch = 5;
    assert_ok(cx, tori_keys_log_adopt(cx, h.keys, &a, &got));
    assert_ok(cx, extend(cx, &h, &l, 1, &got));
    assert_says(cx, got, vkey, &l.log);
    holder_stop(&h);
}

static void a_false_state_is_not_adopted(void **state)
{
    struct tori_ctx *cx = *state;
    struct holder h;
    static struct leaves l;
    struct tori_str checkpoint, vkey, got;
    struct tori_hash bent[3];
    uint8_t signature[64];

    memset(&l, 0, sizeof(l));
    holder_new(cx, &h);
    assert_ok(cx, tori_keys_log_vkey(cx, h.keys, &vkey));
    assert_ok(cx, extend(cx, &h, &l, 11, &checkpoint));
    struct tori_adoption good = adoption_of(cx, &l.log, checkpoint, vkey), bad[4];
    lose_state(cx, &h);

    for (size_t i = 0; i < 4; i++)
        bad[i] = good;
    memcpy(bent, good.node, sizeof(bent));
    bent[1].at[0] ^= 1;
    memcpy(signature, good.signature, sizeof(signature));
    signature[63] ^= 1;
    bad[0].node = bent;
    bad[1].signature = signature;
    bad[2].size = 13; /* as many subtrees */
    bad[3].epoch = 0; /* never an epoch */
    for (size_t i = 0; i < 4; i++)
        assert_fails(tori_keys_log_adopt(cx, h.keys, &bad[i], &got), TORI_ERR_NOT_PERMITTED);
    assert_ok(cx, tori_keys_log_adopt(cx, h.keys, &good, &got));
    holder_stop(&h);
}

/* Sends raw bytes; true when the keyholder hangs up without an answer. */
static bool hangs_up(struct holder *h, const uint8_t *at, size_t n)
{
    uint8_t answer[TORI_KEYS_ANSWER_MAX];

    holder_fork(h, geteuid(), NULL);
    assert_int_equal(send(h->fd, at, n, 0), n);
    ssize_t got = recv(h->fd, answer, sizeof(answer), 0);
    close(h->fd);
    int code = holder_wait(h);
    assert_int_equal(code, 0);
    return got == 0;
}

static void one_stray_byte_ends_the_connection(void **state)
{
    struct tori_ctx *cx = *state;
    static uint8_t request[TORI_KEYS_REQUEST_MAX + 100];
    struct holder h;
    /* For each kind, bodies that are one byte or one hash beside what is permitted. */
    static const struct {
        uint8_t kind;
        size_t bad[4];
        size_t good;
    } rows[] = {
        {TORI_KEYS_BEAT, {1, 2, 8, 32}, 0},
        {TORI_KEYS_DATA_KEY_NEW, {0, 17, 19, 83}, 18},
        {TORI_KEYS_DATA_KEY_OPEN, {18, 82, 84, 96}, 83},
        {TORI_KEYS_LOG_KEY, {1, 2, 8, 32}, 0},
        {TORI_KEYS_LOG_HEAD, {1, 2, 8, 32}, 0},
        {TORI_KEYS_LOG_EXTEND, {8, 39, 41, 8 + 32 * 1025}, 40},
        {TORI_KEYS_LOG_ADOPT, {80, 111, 113, 80 + 32 * 65}, 112},
    };
    static const uint8_t heads[][4] = {{0, 1, 0, 0},   {2, 1, 0, 0}, {1, 0, 0, 0}, {1, 8, 0, 0},
                                       {1, 255, 0, 0}, {1, 1, 1, 0}, {1, 1, 0, 1}};

    holder_new(cx, &h);
    holder_stop(&h);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(request, 0, sizeof(request));
        request[0] = TORI_KEYS_VERSION;
        request[1] = rows[i].kind;
        for (size_t k = 0; k < 4; k++)
            assert_true(hangs_up(&h, request, TORI_KEYS_HEAD + rows[i].bad[k]));
        assert_false(hangs_up(&h, request, TORI_KEYS_HEAD + rows[i].good));
    }
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        memset(request, 0, sizeof(request));
        memcpy(request, heads[i], 4);
        assert_true(hangs_up(&h, request, TORI_KEYS_HEAD));
    }
    for (size_t n = 1; n < TORI_KEYS_HEAD; n++) {
        memset(request, 0, sizeof(request));
        request[0] = request[1] = 1;
        assert_true(hangs_up(&h, request, n));
    }
}

static void another_user_is_not_served(void **state)
{
    struct tori_ctx *cx = *state;
    struct holder h;

    holder_new(cx, &h);
    holder_stop(&h);
    holder_fork(&h, geteuid() + 1, NULL);
    assert_ok(cx, tori_keys_new(cx, h.fd, &h.keys));
    assert_fails(tori_keys_beat(cx, h.keys), TORI_ERR_KEYHOLDER_AWAY);
    assert_int_equal(tori_keys_last_beat_ms(h.keys), 0);
    assert_int_equal(holder_wait(&h), 0);
}

/* What a start comes to: the exit code of a keyholder that nobody asks anything. */
static int start_code(struct tori_ctx *cx, struct holder *h)
{
    holder_start(cx, h, NULL);
    if (!TORI_FAILED(tori_keys_beat(cx, h->keys)))
        kill(h->pid, SIGTERM);
    return holder_wait(h);
}

static void flip(const char *path, long at)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    int c = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(c ^ 1, f);
    fclose(f);
}

static void a_state_that_cannot_be_trusted_stops_the_start(void **state)
{
    static const char *const names[] = {"log.state", "log.key", "master.key"};
    struct tori_ctx *cx = *state;
    struct holder h;
    struct stat st;
    char path[128];
    static struct leaves l;
    struct tori_str checkpoint;

    memset(&l, 0, sizeof(l));
    holder_new(cx, &h);
    assert_ok(cx, extend(cx, &h, &l, 5, &checkpoint));
    holder_stop(&h);
    for (size_t i = 0; i < 3; i++) {
        holder_path(&h, names[i], path);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        chmod(path, 0640);
        assert_int_equal(start_code(cx, &h), TORI_EXIT_UNFIT);
        chmod(path, 0600);
        for (long at = 0; at < st.st_size; at += 11) {
            flip(path, at);
            assert_int_equal(start_code(cx, &h), TORI_EXIT_UNFIT);
            flip(path, at);
        }
        assert_int_equal(truncate(path, st.st_size - 1), 0);
        assert_int_equal(start_code(cx, &h), TORI_EXIT_UNFIT);
        holder_path(&h, "log.state", path);
        unlink(path);
        holder_path(&h, "log.key", path);
        unlink(path);
        holder_path(&h, "master.key", path);
        unlink(path);
        assert_int_equal(start_code(cx, &h), 0);
        holder_start(cx, &h, NULL);
        l.log.size = 0;
        assert_ok(cx, extend(cx, &h, &l, 5, &checkpoint));
        holder_stop(&h);
    }
    holder_path(&h, "log.key", path);
    unlink(path);
    assert_int_equal(start_code(cx, &h), TORI_EXIT_UNFIT); /* a signed log whose key is gone */
    chmod(h.folder, 0750);
    assert_int_equal(start_code(cx, &h), TORI_EXIT_UNFIT);
}

static void one_state_has_one_keyholder(void **state)
{
    struct tori_ctx *cx = *state;
    struct holder h, second;

    holder_new(cx, &h);
    assert_ok(cx, tori_keys_beat(cx, h.keys));
    second = h;
    assert_int_equal(start_code(cx, &second), TORI_EXIT_UNFIT);
    assert_ok(cx, tori_keys_beat(cx, h.keys));
    holder_stop(&h);
    assert_int_equal(start_code(cx, &second), 0);
}

static void a_first_start_cut_short_starts_again(void **state)
{
    static const char *const places[] = {"file.synced",
                                         "file.renamed",
                                         "file.synced:2",
                                         "file.renamed:2",
                                         "file.synced:3",
                                         "file.renamed:3",
                                         "keyholder.state_before_key"};
    struct tori_ctx *cx = *state;
    uint64_t size;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct holder h = {.pid = 0};
        scratch(h.folder);
        holder_start(cx, &h, places[i]);
        assert_int_equal(holder_wait(&h), -SIGKILL);
        holder_start(cx, &h, NULL);
        assert_ok(cx, tori_keys_log_size(cx, h.keys, &size));
        assert_int_equal(size, 0);
        holder_stop(&h);
    }
}

/* All data keys hang on the master key: a start that makes new keys leaves it alone. */
static void the_master_key_is_never_replaced(void **state)
{
    struct tori_ctx *cx = *state;
    struct holder h;
    struct tori_id owner = tori_id_new(&cx->random, cx->now, 1);
    struct tori_wrapped wrapped;
    struct tori_key32 key, again;
    char path[128];

    holder_new(cx, &h);
    assert_ok(cx, tori_keys_data_key_new(cx, h.keys, &owner, &wrapped, &key));
    holder_stop(&h);
    holder_path(&h, "log.key", path);
    unlink(path);
    holder_path(&h, "log.state", path);
    unlink(path);
    holder_start(cx, &h, NULL);
    assert_ok(cx, tori_keys_data_key_open(cx, h.keys, &owner,
                                          (struct tori_bytes){wrapped.at, wrapped.len}, &again));
    assert_true(tori_ct_eq(key.at, again.at, 32));
    holder_stop(&h);
}

static void there_is_a_cap_per_second(void **state)
{
    struct tori_ctx *cx = *state;
    struct holder h;
    struct tori_str vkey;
    int good = 0, busy = 0;

    holder_new(cx, &h);
    int64_t begin = tori_clock_steady_ms();
    for (int i = 0; i < 400; i++) {
        struct tori_result r = tori_keys_log_vkey(cx, h.keys, &vkey);
        good += r.err == TORI_ERR_NONE;
        busy += r.err == TORI_ERR_BUSY;
    }
    int seconds = (int)((tori_clock_steady_ms() - begin) / 1000) + 2;
    assert_int_equal(good + busy, 400);
    assert_true(good >= 100 && good <= 100 * seconds);
    usleep(1010 * 1000);
    assert_ok(cx, tori_keys_log_vkey(cx, h.keys, &vkey));
    holder_stop(&h);
}

static void no_answer_is_found_out_in_time(void **state)
{
    struct tori_ctx *cx = *state;
    struct holder h;

    holder_new(cx, &h);
    assert_ok(cx, tori_keys_beat(cx, h.keys));
    assert_true(tori_keys_last_beat_ms(h.keys) > 0);
    tori_keys_set_deadline(h.keys, 150);
    kill(h.pid, SIGSTOP);
    int64_t before = tori_clock_steady_ms();
    assert_fails(tori_keys_beat(cx, h.keys), TORI_ERR_KEYHOLDER_AWAY);
    int64_t took = tori_clock_steady_ms() - before;
    assert_true(took >= 140); /* that it came back at all is the other half */
    kill(h.pid, SIGCONT);
    assert_int_equal(holder_wait(&h), 0); /* its only peer hung up */
}

/* The supervisor keeps the listening socket; keyholders come and go behind it. */
static void a_client_finds_the_next_keyholder(void **state)
{
    struct tori_ctx *cx = *state;
    struct holder h = {.pid = 0};
    char path[128];

    scratch(h.folder);
    holder_path(&h, "socket", path);
    assert_ok(cx, tori_keys_connect(cx, tori_str_z(path), &h.keys));
    assert_fails(tori_keys_beat(cx, h.keys), TORI_ERR_KEYHOLDER_AWAY);
    int listener = holder_listen(path);
    for (int round = 0; round < 3; round++) {
        holder_behind(&h, listener);
        assert_ok(cx, tori_keys_beat(cx, h.keys));
        kill(h.pid, round == 1 ? SIGTERM : SIGKILL);
        waitpid(h.pid, NULL, 0);
    }
    close(listener);
    tori_keys_free(h.keys);
}

enum { THREADS = 4, ASKED = 200 };

static void *ask_much(void *arg)
{
    struct tori_ctx cx = {.arena = tori_arena_new(1024 * 1024)};
    struct tori_id owner = {{0}};
    struct tori_wrapped wrapped;
    struct tori_key32 key, again;
    size_t good = 0;

    tori_random_seed(&cx.random);
    owner.at[3] = cx.random.seed[0];
    for (int i = 0; i < ASKED; i++) {
        if (TORI_FAILED(tori_keys_data_key_new(&cx, arg, &owner, &wrapped, &key)) ||
            TORI_FAILED(tori_keys_data_key_open(
                &cx, arg, &owner, (struct tori_bytes){wrapped.at, wrapped.len}, &again)))
            continue;
        good += tori_ct_eq(key.at, again.at, 32);
    }
    tori_arena_free(cx.arena);
    return (void *)good;
}

static void threads_get_their_own_answers(void **state)
{
    struct tori_ctx *cx = *state;
    struct holder h;
    pthread_t thread[THREADS];
    void *good;

    holder_new(cx, &h);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, ask_much, h.keys), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], &good);
        assert_int_equal((size_t)good, ASKED);
    }
    holder_stop(&h);
}

/* Its files in /proc belong to root although it is not root's process: nobody of its own user reads
 * its memory. A test that is root becomes somebody else for this. */
static void its_memory_is_closed(void **state)
{
    enum { NOBODY = 65534 };
    struct tori_ctx *cx = *state;
    struct holder h;
    char path[64], line[256];
    struct stat st;
    bool root = geteuid() == 0, no_core = false;
    int pair[2];

    h = (struct holder){.pid = 0};
    scratch(h.folder);
    assert_int_equal(chown(h.folder, root ? NOBODY : geteuid(), (gid_t)-1), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    h.pid = fork();
    if (h.pid == 0) {
        close(pair[0]);
        if (root && setuid(NOBODY) != 0)
            _exit(3);
        prctl(PR_SET_DUMPABLE, 1); /* as after an exec */
        holder_child(&h, pair[1], root ? 0 : geteuid(), NULL);
    }
    close(pair[1]);
    assert_ok(cx, tori_keys_new(cx, pair[0], &h.keys));
    assert_ok(cx, tori_keys_beat(cx, h.keys));
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)h.pid);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_uid, 0);
    snprintf(path, sizeof(path), "/proc/%d/limits", (int)h.pid);
    FILE *limits = fopen(path, "r");
    assert_non_null(limits);
    while (fgets(line, sizeof(line), limits) != NULL)
        no_core =
            no_core || strncmp(line, "Max core file size        0                    0", 48) == 0;
    fclose(limits);
    assert_true(no_core);
    holder_stop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(it_signs_the_root_it_computed),
        unit(other_sizes_are_refused),
        unit(data_keys_open_for_their_owner_only),
        unit(a_kill_loses_nothing),
        unit(a_kill_while_extending_leaves_one_size),
        unit(a_lost_state_is_adopted_once_an_epoch),
        unit(a_false_state_is_not_adopted),
        unit(one_stray_byte_ends_the_connection),
        unit(another_user_is_not_served),
        unit(a_state_that_cannot_be_trusted_stops_the_start),
        unit(one_state_has_one_keyholder),
        unit(a_first_start_cut_short_starts_again),
        unit(the_master_key_is_never_replaced),
        unit(there_is_a_cap_per_second),
        unit(no_answer_is_found_out_in_time),
        unit(a_client_finds_the_next_keyholder),
        unit(threads_get_their_own_answers),
        unit(its_memory_is_closed),
    };
    int failed = tori_unit_run("unit/keyholder", tests);
    scratch_clean();
    return failed;
}
