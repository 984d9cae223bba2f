/* The sequencer with a real keyholder and real files, the offline verifier, and the rebuild: what
 * comes out is checked, then damaged, cut short and restarted. */
#include "test/unit/keyholder.h"

#include "base/file.h"
#include "domain/evidence/builder.h"
#include "domain/evidence/entry.h"
#include "domain/evidence/proof.h"
#include "service/log_check.h"

/* A journal in a test's memory: row i is made from its number. */
struct fake {
    uint64_t rows;
    uint64_t lie_at;  /* this row's leaf_hash is not that of its entry; UINT64_MAX: none */
    uint64_t skip_at; /* from this row on each says the number after its own */
    uint64_t salt;    /* another one: another history */
};

static struct fake fake_new(uint64_t rows)
{
    return (struct fake){.rows = rows, .lie_at = UINT64_MAX, .skip_at = UINT64_MAX};
}

static struct tori_journal_leaf row_of(struct tori_ctx *cx, const struct fake *fake, uint64_t i)
{
    struct tori_entry entry;
    struct tori_bytes text;
    struct tori_entry_head head = {
        .seq = i + (i >= fake->skip_at), .at = 1795150800000 + (tori_time)i, .kind = "test.row"};
    struct tori_commitment commitment = {.salt = {0}};

    commitment.hash = tori_sha256((struct tori_bytes){(const uint8_t *)&i, sizeof(i)});
    tori_entry_begin(cx, &head, &entry);
    tori_out_int(&entry.out, "salt", (int64_t)fake->salt);
    if (i % 3 == 0)
        tori_entry_commit(&entry, "operation", &commitment);
    assert_ok(cx, tori_entry_end(cx, &entry, &text));
    struct tori_journal_leaf row = {i, text, tori_leaf_hash(text)};
    row.leaf.at[0] ^= i == fake->lie_at;
    return row;
}

static struct tori_result fake_read(struct tori_ctx *cx, void *owner, uint64_t from,
                                    struct tori_journal_rows *rows)
{
    const struct fake *fake = owner;

    /* Fewer than asked for is allowed: 1,000 where 1,024 were. */
    rows->count = 0;
    while (rows->count < rows->most && rows->count < 1000 && from + rows->count < fake->rows) {
        rows->row[rows->count] = row_of(cx, fake, from + rows->count);
        rows->count++;
    }
    return TORI_OK;
}

/* A keyholder behind its listening socket, and a log folder. */
struct stage {
    struct holder holder;
    int listener;
    char dir[64];
    struct fake journal;
    struct tori_seal_log *log;
};

static void log_open(struct tori_ctx *cx, struct stage *s)
{
    struct tori_seal_config config = {.dir = s->dir,
                                      .keys = s->holder.keys,
                                      .read = fake_read,
                                      .owner = &s->journal,
                                      .max_unsealed_ms = 5000};
    assert_ok(cx, tori_seal_log_new(cx, &config, &s->log));
}

static void stage_begin(struct tori_ctx *cx, struct stage *s)
{
    char path[128];

    *s = (struct stage){.journal = fake_new(0)};
    scratch(s->holder.folder);
    scratch(s->dir);
    holder_path(&s->holder, "socket", path);
    s->listener = holder_listen(path);
    holder_behind(&s->holder, s->listener);
    assert_ok(cx, tori_keys_connect(cx, tori_str_z(path), &s->holder.keys));
    log_open(cx, s);
}

static void holder_restart(struct stage *s)
{
    kill(s->holder.pid, SIGKILL);
    waitpid(s->holder.pid, NULL, 0);
    holder_behind(&s->holder, s->listener);
}

static void stage_end(struct stage *s)
{
    tori_seal_log_free(s->log);
    tori_keys_free(s->holder.keys);
    kill(s->holder.pid, SIGKILL);
    waitpid(s->holder.pid, NULL, 0);
    close(s->listener);
    remove_tree(s->dir);
    remove_tree(s->holder.folder);
}

static void grow(struct tori_ctx *cx, struct stage *s, uint64_t to)
{
    s->journal.rows = to;
    assert_ok(cx, tori_seal_log_step(s->log));
    assert_int_equal(tori_seal_log_facts(s->log).sealed, to);
}

static struct tori_log_report verify(struct tori_ctx *cx, const struct stage *s)
{
    struct tori_log_report report;

    assert_ok(cx, tori_log_verify(cx, s->dir, (struct tori_str){NULL, 0}, &report));
    return report;
}

static void assert_sound(struct tori_ctx *cx, const struct stage *s, uint64_t size)
{
    struct tori_log_report report = verify(cx, s);

    if (report.fault != TORI_LOG_SOUND)
        fail_msg("fault %d, %s, entry %llu", report.fault, report.file,
                 (unsigned long long)report.entry);
    assert_int_equal(report.head.size, size);
    assert_string_equal(report.origin, ORIGIN);
}

static void what_is_sealed_verifies(void **state)
{
    static const uint64_t sizes[] = {0, 1, 2, 3, 255, 256, 257, 258, 511, 512, 513, 1500, 4096};
    struct tori_ctx *cx = *state;
    struct stage s;

    stage_begin(cx, &s);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        grow(cx, &s, sizes[i]);
        assert_sound(cx, &s, sizes[i]);
        grow(cx, &s, sizes[i]); /* nothing new */
    }
    stage_end(&s);
}

static bool exists(const struct stage *s, const char *name)
{
    char path[200];
    struct stat st;

    snprintf(path, sizeof(path), "%s/%s", s->dir, name);
    return stat(path, &st) == 0;
}

/* C2SP tlog-tiles "Partial tiles" */
static void partial_tiles_stay_until_the_full_one_is_there(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;

    stage_begin(cx, &s);
    grow(cx, &s, 3);
    grow(cx, &s, 200);
    assert_true(exists(&s, "tile/0/000.p/3") && exists(&s, "tile/entries/000.p/3"));
    assert_true(exists(&s, "tile/0/000.p/200") && !exists(&s, "tile/1"));
    grow(cx, &s, 260);
    assert_false(exists(&s, "tile/0/000.p") || exists(&s, "tile/entries/000.p"));
    assert_true(exists(&s, "tile/0/000") && exists(&s, "tile/entries/000"));
    assert_true(exists(&s, "tile/0/001.p/4") && exists(&s, "tile/1/000.p/1"));
    assert_true(exists(&s, "vkey"));
    stage_end(&s);
}

/* What was published, to be compared with everything published later. */
struct history {
    size_t count;
    struct tori_tree_head head[400];
};

static void assert_extends(struct tori_ctx *cx, const struct stage *s, struct history *h)
{
    struct tori_log_dir dir = {.path = s->dir};
    struct tori_log_view view;
    struct tori_proof proof;

    assert_ok(cx, tori_log_dir_view(cx, &dir, &view));
    for (size_t i = 0; i < h->count; i++) {
        tori_arena_reset(cx->arena);
        if (h->head[i].size == 0)
            continue;
        assert_ok(cx, tori_prove_consistency(cx, &view.tree, h->head[i].size, &proof));
        assert_true(tori_consistency_holds(&h->head[i], &view.checkpoint.head, &proof));
    }
    assert_true(h->count < 400);
    h->head[h->count++] = view.checkpoint.head;
    tori_arena_reset(cx->arena);
}

/* A sequencer in a process of its own, which dies at a failpoint. */
static void step_and_die(struct tori_ctx *cx, struct stage *s, const char *failpoint)
{
    char path[128];
    int status;

    holder_path(&s->holder, "socket", path);
    pid_t child = fork();
    if (child == 0) {
        struct tori_keys *keys;
        setenv("TORI_FAILPOINT", failpoint, 1);
        if (TORI_FAILED(tori_keys_connect(cx, tori_str_z(path), &keys)))
            _exit(1);
        s->holder.keys = keys;
        log_open(cx, s);
        struct tori_result r = tori_seal_log_step(s->log);
        _exit(TORI_FAILED(r) ? 2 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    /* A late failpoint may not be reached. */
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
}

/* EVID-02: appends at random, with the keyholder killed, the sequencer restarted, or killed at
 * every place where it can be: each checkpoint extends all that were published before. */
static void every_checkpoint_extends_the_earlier_ones(void **state)
{
    static const char *const deaths[] = {
        "seal.read",     "seal.signed",    "seal.tiles",     "seal.published", "file.synced",
        "file.renamed",  "file.synced:2",  "file.renamed:2", "file.synced:3",  "file.renamed:3",
        "file.synced:4", "file.renamed:4", "file.synced:5",  "file.renamed:5", "file.synced:6",
    };
    struct tori_ctx *cx = *state;
    struct stage s;
    static struct history history;
    uint8_t dice[4];

    history.count = 0;
    stage_begin(cx, &s);
    for (int round = 0; round < 120; round++) {
        tori_random_fill(&cx->random, dice, sizeof(dice));
        uint64_t more = dice[0] % 8 == 0 ? 256 + dice[1] : dice[1] % 7;
        s.journal.rows += more;
        if (dice[2] % 2 == 0)
            step_and_die(cx, &s, deaths[dice[3] % (sizeof(deaths) / sizeof(deaths[0]))]);
        if (dice[2] % 5 == 1)
            holder_restart(&s);
        if (dice[2] % 2 == 0 || dice[2] % 7 == 1) {
            /* Somebody else extended the log, or we are new: begin from the files. */
            tori_seal_log_free(s.log);
            log_open(cx, &s);
        }
        grow(cx, &s, s.journal.rows);
        assert_extends(cx, &s, &history);
        if (round % 20 == 19)
            assert_sound(cx, &s, s.journal.rows);
    }
    assert_true(history.count == 120 && s.journal.rows > 1000);
    stage_end(&s);
}

/* Another sequencer was faster: the slower one fails once, then goes on from the files. */
static void a_second_sequencer_forks_nothing(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;

    stage_begin(cx, &s);
    grow(cx, &s, 10);
    struct tori_seal_log *first = s.log;
    log_open(cx, &s);
    grow(cx, &s, 20);
    s.journal.rows = 25;
    assert_fails(tori_seal_log_step(first), TORI_ERR_LOG_DIFFERS);
    assert_ok(cx, tori_seal_log_step(first));
    assert_sound(cx, &s, 25);
    tori_seal_log_free(first);
    stage_end(&s);
}

static void a_lying_journal_is_not_sealed(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;

    stage_begin(cx, &s);
    grow(cx, &s, 5);
    s.journal.rows = 9;
    s.journal.lie_at = 7;
    assert_fails(tori_seal_log_step(s.log), TORI_ERR_LOG_DIFFERS);
    s.journal.lie_at = UINT64_MAX;
    s.journal.skip_at = 6;
    assert_fails(tori_seal_log_step(s.log), TORI_ERR_LOG_DIFFERS);
    assert_sound(cx, &s, 5);
    s.journal.skip_at = UINT64_MAX;
    grow(cx, &s, 9);
    assert_sound(cx, &s, 9);
    stage_end(&s);
}

/* A database brought back from an old copy: what was signed is not in it any more. */
static void a_shortened_journal_is_noticed(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;

    stage_begin(cx, &s);
    grow(cx, &s, 5);
    s.journal.rows = 12;
    step_and_die(cx, &s, "seal.signed");
    tori_seal_log_free(s.log);
    log_open(cx, &s);
    s.journal.rows = 8;
    assert_fails(tori_seal_log_step(s.log), TORI_ERR_LOG_DIFFERS);
    s.journal.rows = 12;
    s.journal.salt = 1; /* or other rows in the place of those signed */
    assert_fails(tori_seal_log_step(s.log), TORI_ERR_LOG_DIFFERS);
    s.journal.salt = 0;
    grow(cx, &s, 12);
    stage_end(&s);
}

static void without_a_keyholder_nothing_is_sealed(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;

    stage_begin(cx, &s);
    assert_int_equal(tori_seal_log_why_not(s.log), TORI_ERR_KEYHOLDER_AWAY); /* never heard of */
    grow(cx, &s, 5);
    assert_int_equal(tori_seal_log_why_not(s.log), TORI_ERR_NONE);
    assert_true(tori_seal_log_lag_ms(s.log) < 1000);
    tori_keys_set_deadline(s.holder.keys, 100);
    kill(s.holder.pid, SIGSTOP);
    s.journal.rows = 6;
    assert_fails(tori_seal_log_step(s.log), TORI_ERR_KEYHOLDER_AWAY);
    assert_int_equal(tori_seal_log_facts(s.log).failure, TORI_ERR_KEYHOLDER_AWAY);
    usleep(2000 * 1000);
    assert_int_equal(tori_seal_log_why_not(s.log), TORI_ERR_KEYHOLDER_AWAY);
    assert_true(tori_seal_log_lag_ms(s.log) >= 2000);
    kill(s.holder.pid, SIGCONT);
    tori_keys_set_deadline(s.holder.keys, 60000);
    /* What it was asked while it stood still may have been heard: the next step finds out. */
    grow(cx, &s, 6);
    assert_int_equal(tori_seal_log_why_not(s.log), TORI_ERR_NONE);
    assert_sound(cx, &s, 6);
    stage_end(&s);
}

static void a_lost_state_is_given_back(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;
    char path[128];
    static struct history history;

    history.count = 0;
    stage_begin(cx, &s);
    grow(cx, &s, 300);
    assert_extends(cx, &s, &history);
    kill(s.holder.pid, SIGTERM);
    waitpid(s.holder.pid, NULL, 0);
    holder_path(&s.holder, "log.state", path);
    assert_int_equal(unlink(path), 0);
    holder_behind(&s.holder, s.listener);
    s.journal.rows = 310;
    assert_fails(tori_seal_log_step(s.log), TORI_ERR_NOT_PERMITTED);
    grow(cx, &s, 310);
    assert_extends(cx, &s, &history);
    assert_sound(cx, &s, 310);
    stage_end(&s);
}

static struct tori_bytes read_state(struct tori_ctx *cx, const struct stage *s)
{
    struct tori_bytes content, kept;
    char path[128];

    holder_path(&s->holder, "log.state", path);
    assert_ok(cx, tori_file_read(cx, path, 4096, &content));
    kept = (struct tori_bytes){test_malloc(content.len), content.len};
    memcpy((uint8_t *)(uintptr_t)kept.at, content.at, content.len);
    return kept;
}

/* The keyholder of a standby knows the log as it was when it last signed. */
static void holder_back_to(struct tori_ctx *cx, struct stage *s, struct tori_bytes content)
{
    char path[128];

    kill(s->holder.pid, SIGTERM);
    waitpid(s->holder.pid, NULL, 0);
    holder_path(&s->holder, "log.state", path);
    assert_ok(cx, tori_file_write(cx, path, content, 0600));
    holder_behind(&s->holder, s->listener);
}

static void a_keyholder_that_stood_by_is_brought_up(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;
    static struct history history;

    history.count = 0;
    stage_begin(cx, &s);
    grow(cx, &s, 300);
    struct tori_bytes old = read_state(cx, &s);
    grow(cx, &s, 2500); /* more than one message holds */
    assert_extends(cx, &s, &history);
    holder_back_to(cx, &s, old);
    s.journal.rows = 2510;
    assert_fails(tori_seal_log_step(s.log), TORI_ERR_LOG_DIFFERS);
    grow(cx, &s, 2510);
    assert_extends(cx, &s, &history);
    assert_sound(cx, &s, 2510);
    test_free((void *)(uintptr_t)old.at);
    stage_end(&s);
}

static void a_keyholder_is_not_brought_up_to_another_history(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;

    stage_begin(cx, &s);
    grow(cx, &s, 3);
    struct tori_bytes old = read_state(cx, &s);
    grow(cx, &s, 20);
    holder_back_to(cx, &s, old);
    s.journal.salt = 1;
    s.journal.rows = 25;
    for (int i = 0; i < 3; i++)
        assert_fails(tori_seal_log_step(s.log), TORI_ERR_LOG_DIFFERS);
    s.journal.rows = 10; /* and not by a journal that ends before */
    assert_fails(tori_seal_log_step(s.log), TORI_ERR_LOG_DIFFERS);
    assert_sound(cx, &s, 20);
    test_free((void *)(uintptr_t)old.at);
    stage_end(&s);
}

static void another_key_does_not_go_on(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;
    char path[128];

    stage_begin(cx, &s);
    grow(cx, &s, 5);
    kill(s.holder.pid, SIGTERM);
    waitpid(s.holder.pid, NULL, 0);
    holder_path(&s.holder, "log.state", path);
    unlink(path);
    holder_path(&s.holder, "log.key", path);
    unlink(path);
    holder_behind(&s.holder, s.listener);
    s.journal.rows = 6;
    assert_fails(tori_seal_log_step(s.log), TORI_ERR_LOG_DIFFERS);
    assert_fails(tori_seal_log_step(s.log), TORI_ERR_LOG_DIFFERS);
    assert_sound(cx, &s, 5);
    stage_end(&s);
}

struct told {
    _Atomic int times;
    _Atomic int last;
    _Atomic int epoch;
};

static void tell(void *owner, tori_err why_not)
{
    struct told *told = owner;
    told->times++;
    told->last = (int)why_not;
}

static void the_threads_seal_by_themselves(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;
    static struct told told;

    stage_begin(cx, &s);
    tori_seal_log_free(s.log);
    struct tori_seal_config config = {.dir = s.dir,
                                      .keys = s.holder.keys,
                                      .read = fake_read,
                                      .owner = &s.journal,
                                      .max_unsealed_ms = 5000,
                                      .tell = tell,
                                      .host = &told};
    s.journal.rows = 3;
    assert_ok(cx, tori_seal_log_new(cx, &config, &s.log));
    assert_ok(cx, tori_seal_log_start(cx, s.log));
    for (int i = 0; i < 1200 && tori_seal_log_facts(s.log).sealed < 3; i++)
        usleep(50 * 1000);
    assert_int_equal(tori_seal_log_facts(s.log).sealed, 3);
    for (int i = 0; i < 1200 && (told.times < 2 || told.last != TORI_ERR_NONE); i++)
        usleep(50 * 1000);
    assert_true(told.times >= 2);
    assert_int_equal(told.last, TORI_ERR_NONE);
    tori_seal_log_free(s.log);
    s.log = NULL;
    assert_sound(cx, &s, 3);
    stage_end(&s);
}

static uint64_t epoch_told(void *owner)
{
    const struct told *told = owner;
    return (uint64_t)told->epoch;
}

/* Whoever does not own the shard seals nothing, and is not late for it. */
static void a_standby_seals_nothing(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;
    static struct told told;

    stage_begin(cx, &s);
    tori_seal_log_free(s.log);
    struct tori_seal_config config = {.dir = s.dir,
                                      .keys = s.holder.keys,
                                      .read = fake_read,
                                      .owner = &s.journal,
                                      .max_unsealed_ms = 800,
                                      .epoch = epoch_told,
                                      .host = &told};
    s.journal.rows = 3;
    assert_ok(cx, tori_seal_log_new(cx, &config, &s.log));
    assert_ok(cx, tori_seal_log_start(cx, s.log));
    usleep(1500 * 1000);
    assert_int_equal(tori_seal_log_facts(s.log).sealed, 0);
    assert_int_equal(tori_seal_log_why_not(s.log), TORI_ERR_NONE);
    told.epoch = 7;
    for (int i = 0; i < 100 && tori_seal_log_facts(s.log).sealed < 3; i++)
        usleep(50 * 1000);
    assert_int_equal(tori_seal_log_facts(s.log).sealed, 3);
    stage_end(&s);
}

/* One bit of one file, and back. */
static void flip(const struct stage *s, const char *name, long at)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/%s", s->dir, name);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    int c = fgetc(f);
    assert_int_not_equal(c, EOF);
    fseek(f, at, SEEK_SET);
    fputc(c ^ 4, f);
    fclose(f);
}

static void a_flipped_byte_is_named(void **state)
{
    static const struct {
        const char *file;
        long at;
        enum tori_log_fault fault;
        uint64_t entry;
    } rows[] = {
        {"checkpoint", 0, TORI_LOG_NOT_SIGNED, 0},
        {"checkpoint", 30, TORI_LOG_NOT_SIGNED, 0},
        {"checkpoint", 150, TORI_LOG_NOT_SIGNED, 0},
        {"vkey", 3, TORI_LOG_NO_VKEY, 0},
        {"tile/0/000", 0, TORI_LOG_ENTRY_ALTERED, 0},
        {"tile/0/001", 32 * 7 + 31, TORI_LOG_ENTRY_ALTERED, 256 + 7},
        {"tile/0/002.p/88", 32 * 87, TORI_LOG_ENTRY_ALTERED, 599},
        {"tile/1/000.p/2", 32, TORI_LOG_HASH_ALTERED, 256},
        {"tile/entries/000", 40, TORI_LOG_ENTRY_ALTERED, 0},
        {"tile/entries/002.p/88", 50, TORI_LOG_ENTRY_ALTERED, 512},
        {"tile/entries/001", 0, TORI_LOG_FILE_MALFORMED, 0},
        {"tile/0/002.p/80", 5, TORI_LOG_FILE_STRAY, 0},
        {"tile/entries/002.p/80", 5, TORI_LOG_FILE_STRAY, 0},
    };
    struct tori_ctx *cx = *state;
    struct stage s;

    stage_begin(cx, &s);
    grow(cx, &s, 512 + 80);
    grow(cx, &s, 600);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        flip(&s, rows[i].file, rows[i].at);
        struct tori_log_report report = verify(cx, &s);
        if (report.fault != rows[i].fault || report.entry != rows[i].entry)
            fail_msg("%s at %ld: fault %d, file %s, entry %llu", rows[i].file, rows[i].at,
                     report.fault, report.file, (unsigned long long)report.entry);
        flip(&s, rows[i].file, rows[i].at);
        assert_sound(cx, &s, 600);
    }
    stage_end(&s);
}

/* EVID-02: every byte of a small log counts. */
static void every_byte_of_a_log_counts(void **state)
{
    static const char *const files[] = {"checkpoint", "tile/0/000.p/2", "tile/entries/000.p/2"};
    struct tori_ctx *cx = *state;
    struct stage s;
    char path[200];
    struct stat st;

    stage_begin(cx, &s);
    grow(cx, &s, 2);
    for (size_t f = 0; f < 3; f++) {
        snprintf(path, sizeof(path), "%s/%s", s.dir, files[f]);
        assert_int_equal(stat(path, &st), 0);
        for (long at = 0; at < st.st_size; at++) {
            flip(&s, files[f], at);
            assert_int_not_equal(verify(cx, &s).fault, TORI_LOG_SOUND);
            flip(&s, files[f], at);
        }
    }
    assert_sound(cx, &s, 2);
    stage_end(&s);
}

static void put_file(const struct stage *s, const char *name, const char *text)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/%s", s->dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void take_away(const struct stage *s, const char *name)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/%s", s->dir, name);
    assert_int_equal(unlink(path), 0);
}

static void missing_and_stray_files_are_named(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;

    stage_begin(cx, &s);
    grow(cx, &s, 300);
    put_file(&s, "tile/0/notes.txt", "x");
    struct tori_log_report report = verify(cx, &s);
    assert_int_equal(report.fault, TORI_LOG_FILE_STRAY);
    assert_string_equal(report.file, "tile/0/notes.txt");
    take_away(&s, "tile/0/notes.txt");
    put_file(&s, "tile/0/001.new", "cut short"); /* what a crash leaves */
    assert_sound(cx, &s, 300);
    take_away(&s, "tile/0/000");
    report = verify(cx, &s);
    assert_int_equal(report.fault, TORI_LOG_FILE_MISSING);
    assert_string_equal(report.file, "tile/0/000");
    take_away(&s, "vkey");
    assert_int_equal(verify(cx, &s).fault, TORI_LOG_NO_VKEY);
    take_away(&s, "checkpoint");
    put_file(&s, "vkey", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n");
    assert_int_equal(verify(cx, &s).fault, TORI_LOG_NO_CHECKPOINT);
    stage_end(&s);
}

static void another_vkey_is_another_log(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;
    struct tori_log_report report;
    struct tori_str vkey;

    stage_begin(cx, &s);
    grow(cx, &s, 3);
    assert_ok(cx, tori_log_verify(cx, s.dir,
                                  TORI_STR("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
                                           "LDE4izWy10TW"),
                                  &report));
    assert_int_equal(report.fault, TORI_LOG_NOT_SIGNED);
    assert_ok(cx, tori_keys_log_vkey(cx, s.holder.keys, &vkey));
    assert_ok(cx, tori_log_verify(cx, s.dir, vkey, &report));
    assert_int_equal(report.fault, TORI_LOG_SOUND);
    stage_end(&s);
}

/* A log that is signed and whole, whose entries skip a number. */
static void a_gap_in_the_numbers_is_named(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;
    struct tori_log_dir dir = {.path = NULL};
    struct tori_builder *builder;
    struct tori_str note, vkey;

    stage_begin(cx, &s);
    dir.path = s.dir;
    s.journal.skip_at = 2;
    assert_ok(cx, tori_builder_new(cx, tori_log_dir_put, &dir, &builder));
    for (uint64_t i = 0; i < 4; i++) {
        struct tori_journal_leaf row = row_of(cx, &s.journal, i);
        struct tori_extension e = {i, &row.leaf, 1};
        assert_ok(cx, tori_keys_log_extend(cx, s.holder.keys, &e, &note));
        assert_ok(cx, tori_builder_append(cx, builder, row.entry, &row.leaf));
    }
    assert_ok(cx, tori_builder_flush(cx, builder));
    tori_builder_free(builder);
    assert_ok(cx, tori_keys_log_vkey(cx, s.holder.keys, &vkey));
    assert_ok(cx, tori_log_dir_note_put(cx, &dir, "vkey", vkey));
    assert_ok(cx, tori_log_dir_note_put(cx, &dir, "checkpoint", note));
    struct tori_log_report report = verify(cx, &s);
    assert_int_equal(report.fault, TORI_LOG_ENTRY_ORDER);
    assert_int_equal(report.entry, 2);
    stage_end(&s);
}

/* The hash of all names and contents below a folder. */
static struct tori_hash tree_hash(struct tori_ctx *cx, const char *path)
{
    struct dirent **names;
    int n = scandir(path, &names, NULL, alphasort);
    struct tori_hash sum = {{0}};

    assert_true(n >= 0);
    for (int i = 0; i < n; i++) {
        char below[512];
        struct stat st;
        struct tori_bytes content;
        struct tori_hash one;
        snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name);
        bool skip = names[i]->d_name[0] == '.';
        struct tori_bytes name = tori_str_bytes(tori_str_z(names[i]->d_name));
        if (!skip && stat(below, &st) == 0 && S_ISDIR(st.st_mode)) {
            one = tree_hash(cx, below);
        } else if (!skip) {
            assert_ok(cx, tori_file_read(cx, below, TORI_BUNDLE_MAX, &content));
            one = tori_sha256(content);
        }
        if (!skip)
            sum = tori_sha256_parts(
                (const struct tori_bytes[]){tori_hash_bytes(&sum), name, tori_hash_bytes(&one)}, 3);
        free(names[i]);
    }
    free(names);
    return sum;
}

static void a_rebuilt_log_is_the_same_byte_for_byte(void **state)
{
    static const uint64_t sizes[] = {1, 255, 256, 257, 1300};
    struct tori_ctx *cx = *state;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct stage s;
        struct tori_log_report report;
        char tiles[128];
        stage_begin(cx, &s);
        struct tori_log_source source = {fake_read, &s.journal};
        grow(cx, &s, sizes[i]);
        struct tori_hash before = tree_hash(cx, s.dir);
        snprintf(tiles, sizeof(tiles), "%s/tile", s.dir);
        remove_tree(tiles);
        s.journal.rows += 5; /* newer than the checkpoint */
        assert_ok(cx, tori_log_rebuild(cx, s.dir, &source, &report));
        assert_int_equal(report.fault, TORI_LOG_SOUND);
        struct tori_hash after = tree_hash(cx, s.dir);
        assert_true(tori_hash_eq(&before, &after));
        assert_sound(cx, &s, sizes[i]);
        stage_end(&s);
    }
}

static void a_rebuild_from_the_wrong_source_writes_nothing(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;
    struct tori_log_report report;

    stage_begin(cx, &s);
    struct tori_log_source source = {fake_read, &s.journal};
    grow(cx, &s, 300);
    struct tori_hash before = tree_hash(cx, s.dir);
    s.journal.rows = 299;
    assert_ok(cx, tori_log_rebuild(cx, s.dir, &source, &report));
    assert_int_equal(report.fault, TORI_LOG_SOURCE_SHORT);
    s.journal.rows = 300;
    s.journal.salt = 9;
    assert_ok(cx, tori_log_rebuild(cx, s.dir, &source, &report));
    assert_int_equal(report.fault, TORI_LOG_ROOT_DIFFERS);
    s.journal.salt = 0;
    s.journal.lie_at = 299;
    assert_ok(cx, tori_log_rebuild(cx, s.dir, &source, &report));
    assert_int_equal(report.fault, TORI_LOG_ENTRY_ALTERED);
    assert_int_equal(report.entry, 299);
    struct tori_hash after = tree_hash(cx, s.dir);
    assert_true(tori_hash_eq(&before, &after));
    stage_end(&s);
}

/* The entries' bundles of one copy make the tiles of another. */
static void another_folder_is_a_source(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;
    struct tori_log_report report;
    char copy[64], command[300];

    stage_begin(cx, &s);
    grow(cx, &s, 700);
    scratch(copy);
    snprintf(command, sizeof(command), "cp %s/checkpoint %s/vkey %s", s.dir, s.dir, copy);
    assert_int_equal(system(command), 0);
    struct tori_log_dir from = {.path = s.dir};
    struct tori_log_source source = {tori_log_dir_source, &from};
    assert_ok(cx, tori_log_rebuild(cx, copy, &source, &report));
    assert_int_equal(report.fault, TORI_LOG_SOUND);
    struct tori_hash a = tree_hash(cx, s.dir), b = tree_hash(cx, copy);
    assert_true(tori_hash_eq(&a, &b));
    remove_tree(copy);
    stage_end(&s);
}

static void a_row_is_proved_and_shown(void **state)
{
    struct tori_ctx *cx = *state;
    struct stage s;
    struct tori_str proof;
    struct tori_bytes entry;

    stage_begin(cx, &s);
    grow(cx, &s, 300);
    assert_ok(cx, tori_log_dir_prove(cx, s.dir, 299, &proof));
    assert_true(tori_str_starts(proof, TORI_STR("c2sp.org/tlog-proof@v1\nindex 299\n")));
    assert_fails(tori_log_dir_prove(cx, s.dir, 300, &proof), TORI_ERR_NOT_SEALED_YET);
    assert_ok(cx, tori_log_dir_show(cx, s.dir, 256, &entry));
    assert_true(tori_bytes_eq(entry, row_of(cx, &s.journal, 256).entry));
    flip(&s, "tile/entries/001.p/44", 9);
    assert_fails(tori_log_dir_show(cx, s.dir, 256, &entry), TORI_ERR_LOG_DIFFERS);
    stage_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(what_is_sealed_verifies),
        unit(partial_tiles_stay_until_the_full_one_is_there),
        unit(every_checkpoint_extends_the_earlier_ones),
        unit(a_second_sequencer_forks_nothing),
        unit(a_lying_journal_is_not_sealed),
        unit(a_shortened_journal_is_noticed),
        unit(without_a_keyholder_nothing_is_sealed),
        unit(a_lost_state_is_given_back),
        unit(a_keyholder_that_stood_by_is_brought_up),
        unit(a_keyholder_is_not_brought_up_to_another_history),
        unit(another_key_does_not_go_on),
        unit(the_threads_seal_by_themselves),
        unit(a_standby_seals_nothing),
        unit(a_flipped_byte_is_named),
        unit(every_byte_of_a_log_counts),
        unit(missing_and_stray_files_are_named),
        unit(another_vkey_is_another_log),
        unit(a_gap_in_the_numbers_is_named),
        unit(a_rebuilt_log_is_the_same_byte_for_byte),
        unit(a_rebuild_from_the_wrong_source_writes_nothing),
        unit(another_folder_is_a_source),
        unit(a_row_is_proved_and_shown),
    };
    int failed = tori_unit_run("unit/seal_log", tests);
    scratch_clean();
    return failed;
}
