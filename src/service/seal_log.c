#include "service/seal_log.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/failpoint.h"
#include "base/file.h"
#include "domain/evidence/builder.h"
#include "domain/evidence/entry.h"

enum {
    BATCHES = 64,
    ARENA =
        160 * 1024 * 1024, /* TORI_EXTEND_MAX of the longest entries, and the bundle they end in */
    BEAT_MS = 500,
    STEP_MS = 1000,
    WATCH_MS = 200,
    BEAT_OLD_MS = 2000,
};

struct tori_seal_log {
    struct tori_seal_config config;
    struct tori_log_dir dir;
    struct tori_ctx cx; /* of the thread that steps */

    /* How far we are; NULL: not known, to be found out from files and keyholder. */
    struct tori_builder *builder;
    uint64_t size;
    struct tori_note_key key;
    char key_name[TORI_ORIGIN_MAX];
    char note[TORI_CHECKPOINT_MAX]; /* the newest checkpoint, perhaps not published */
    size_t note_len;
    uint64_t published;
    bool caught_up; /* the last look at the journal found no more rows */
    struct tori_journal_leaf row[TORI_EXTEND_MAX];
    struct tori_hash leaf[TORI_EXTEND_MAX];

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t wake;
    struct tori_seal_facts facts;
    bool stop;

    size_t threads; /* running: the sequencer, then the watcher */
    pthread_t thread[2];
};

struct tori_result tori_seal_log_new(struct tori_ctx *cx, const struct tori_seal_config *config,
                                     struct tori_seal_log **out)
{
    struct tori_seal_log *log = tori_heap_take(sizeof(*log));
    struct tori_arena *arena = tori_arena_new(ARENA);
    pthread_condattr_t attr;

    if (log == NULL || arena == NULL) {
        tori_heap_free(log);
        tori_arena_free(arena);
        return TORI_FAIL(cx, NO_MEMORY);
    }
    log->config = *config;
    log->dir.path = config->dir;
    log->cx = (struct tori_ctx){.arena = arena, .log = config->log};
    tori_random_seed(&log->cx.random);
    log->facts.complete_to_ms = tori_clock_steady_ms();
    pthread_mutex_init(&log->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&log->wake, &attr);
    pthread_condattr_destroy(&attr);
    *out = log;
    return TORI_OK;
}

static void forget(struct tori_seal_log *log)
{
    tori_builder_free(log->builder);
    log->builder = NULL;
    tori_file_batch_free(log->dir.batch);
    log->dir.batch = NULL;
}

void tori_seal_log_free(struct tori_seal_log *log)
{
    if (log == NULL)
        return;
    pthread_mutex_lock(&log->mutex);
    log->stop = true;
    pthread_cond_broadcast(&log->wake);
    pthread_mutex_unlock(&log->mutex);
    while (log->threads > 0)
        pthread_join(log->thread[--log->threads], NULL);
    forget(log);
    tori_arena_free(log->cx.arena);
    pthread_cond_destroy(&log->wake);
    pthread_mutex_destroy(&log->mutex);
    tori_heap_free(log);
}

static struct tori_result keep_note(struct tori_ctx *cx, struct tori_seal_log *log,
                                    struct tori_str note)
{
    if (note.len > sizeof(log->note))
        return TORI_FAIL(cx, TOO_LARGE, tori_u64("checkpoint", note.len));
    memcpy(log->note, note.at, note.len);
    log->note_len = note.len;
    return TORI_OK;
}

/* A row is sealed only if it says of itself what the journal says of it. */
static struct tori_result check_rows(struct tori_ctx *cx, struct tori_seal_log *log, uint64_t from,
                                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct tori_journal_leaf *row = &log->row[i];
        struct tori_hash leaf = tori_leaf_hash(row->entry);
        if (row->seq != from + i || !tori_entry_has_seq(row->entry, row->seq))
            return TORI_FAIL(cx, LOG_DIFFERS, tori_word("journal", "seq"),
                             tori_u64("expected", from + i), tori_u64("found", row->seq));
        if (!tori_hash_eq(&leaf, &row->leaf))
            return TORI_FAIL(cx, LOG_DIFFERS, tori_word("journal", "leaf_hash"),
                             tori_u64("seq", row->seq));
        log->leaf[i] = leaf;
    }
    return TORI_OK;
}

static struct tori_result append_rows(struct tori_ctx *cx, struct tori_seal_log *log, size_t count)
{
    for (size_t i = 0; i < count; i++)
        TORI_TRY(tori_builder_append(cx, log->builder, log->row[i].entry, &log->leaf[i]));
    log->size += count;
    return TORI_OK;
}

static size_t batch(uint64_t from, uint64_t to)
{
    return to - from < TORI_EXTEND_MAX ? (size_t)(to - from) : TORI_EXTEND_MAX;
}

static struct tori_result read_rows(struct tori_ctx *cx, struct tori_seal_log *log, uint64_t from,
                                    size_t most, size_t *count)
{
    struct tori_journal_rows rows = {.row = log->row, .most = most};

    TORI_TRY(log->config.read(cx, log->config.owner, from, &rows));
    TORI_TRY(check_rows(cx, log, from, rows.count));
    *count = rows.count;
    return TORI_OK;
}

/* What the keyholder signed last is the log as we have it. */
static struct tori_result check_note(struct tori_ctx *cx, const struct tori_seal_log *log)
{
    struct tori_str note = {log->note, log->note_len};
    struct tori_tree_head head = tori_builder_head(log->builder);
    struct tori_opened opened;

    TORI_TRY(tori_checkpoint_open(cx, note, &log->key, &opened));
    if (opened.checkpoint.head.size != head.size ||
        !tori_hash_eq(&opened.checkpoint.head.root, &head.root))
        return TORI_FAIL(cx, LOG_DIFFERS, tori_word("keyholder", "root"),
                         tori_u64("size", head.size),
                         tori_u64("signed", opened.checkpoint.head.size));
    return TORI_OK;
}

static uint64_t epoch_now(const struct tori_seal_log *log)
{
    return log->config.epoch == NULL ? 1 : log->config.epoch(log->config.host);
}

/* Tiles before the checkpoint that needs them; and never a checkpoint whose root is not theirs. */
static struct tori_result publish(struct tori_ctx *cx, struct tori_seal_log *log)
{
    struct tori_str note = {log->note, log->note_len};
    struct tori_tree_head head = tori_builder_head(log->builder);

    TORI_TRY(check_note(cx, log));
    if (epoch_now(log) == 0) /* while we slept, somebody else may have published a longer one */
        return TORI_FAIL(cx, NOT_OWNER);
    TORI_TRY(tori_builder_flush(cx, log->builder));
    TORI_TRY(tori_log_dir_commit(cx, &log->dir));
    tori_failpoint("seal.tiles");
    TORI_TRY(tori_log_dir_note_put(cx, &log->dir, "checkpoint", note));
    tori_failpoint("seal.published");
    tori_log_dir_tidy(cx, &log->dir, log->published, head.size);
    log->published = head.size;
    return TORI_OK;
}

/* The log's key must be the one whose log lies here. */
static struct tori_result open_key(struct tori_ctx *cx, struct tori_seal_log *log)
{
    struct tori_str vkey, known;
    struct tori_buf line = tori_buf_new(cx->arena, TORI_NOTE_MAX);

    TORI_TRY(tori_keys_log_vkey(cx, log->config.keys, &vkey));
    TORI_TRY(tori_vkey_read(cx, vkey, &log->key));
    memcpy(log->key_name, log->key.name.at, log->key.name.len);
    log->key.name.at = log->key_name;
    tori_buf_str(&line, vkey);
    tori_buf_byte(&line, '\n');
    struct tori_result there = tori_log_dir_note(cx, &log->dir, "vkey", &known);
    if (there.err == TORI_ERR_NOT_FOUND)
        return tori_log_dir_note_put(cx, &log->dir, "vkey", tori_buf_text(&line));
    TORI_TRY(there);
    if (!tori_str_eq(known, tori_buf_text(&line)))
        return TORI_FAIL(cx, LOG_DIFFERS, tori_word("vkey", "of another log"));
    return TORI_OK;
}

/* The published log, or an empty one; its checkpoint in `opened` when there is one. */
static struct tori_result open_files(struct tori_ctx *cx, struct tori_seal_log *log,
                                     struct tori_opened *opened)
{
    struct tori_tree tree = {.read = tori_log_dir_read, .owner = &log->dir};
    struct tori_str note;

    TORI_TRY(tori_file_settle(cx, log->config.dir));
    TORI_TRY(tori_builder_new(cx, tori_log_dir_put, &log->dir, &log->builder));
    TORI_TRY(tori_file_batch_new(cx, &log->dir.batch));
    log->size = log->published = 0;
    struct tori_result there = tori_log_dir_note(cx, &log->dir, "checkpoint", &note);
    if (there.err == TORI_ERR_NOT_FOUND)
        return TORI_OK;
    TORI_TRY(there);
    TORI_TRY(tori_checkpoint_open(cx, note, &log->key, opened));
    tree.size = opened->checkpoint.head.size;
    TORI_TRY(tori_builder_load(cx, log->builder, &tree));
    struct tori_tree_head head = tori_builder_head(log->builder);
    if (!tori_hash_eq(&head.root, &opened->checkpoint.head.root))
        return TORI_FAIL(cx, LOG_DIFFERS, tori_word("tiles", "root"), tori_u64("size", head.size));
    log->size = log->published = head.size;
    return TORI_OK;
}

/* The keyholder lost its state: it gets back what it signed last, as far as that was published. */
static struct tori_result offer_state(struct tori_ctx *cx, struct tori_seal_log *log,
                                      const struct tori_opened *opened, struct tori_str *note)
{
    struct tori_tree tree = {log->published, tori_log_dir_read, &log->dir};
    struct tori_frontier frontier;
    struct tori_hash node[TORI_TREE_LEVELS];
    struct tori_adoption adoption = {.epoch = epoch_now(log),
                                     .size = log->published,
                                     .signature = opened->signature,
                                     .node = node};

    TORI_TRY(tori_tree_frontier(cx, &tree, &frontier));
    for (int level = TORI_TREE_LEVELS - 1; level >= 0; level--)
        if ((tree.size >> level & 1) != 0)
            node[adoption.count++] = frontier.node[level];
    tori_log(cx, TORI_WARN, "log.state_offered", tori_u64("size", tree.size),
             tori_u64("epoch", adoption.epoch));
    return tori_keys_log_adopt(cx, log->config.keys, &adoption, note);
}

/* What the keyholder signed and nobody published: the rows are in the journal, for they were
 * committed before it saw their hashes. */
static struct tori_result catch_up(struct tori_ctx *cx, struct tori_seal_log *log, uint64_t to)
{
    while (log->size < to) {
        size_t count;
        TORI_TRY(read_rows(cx, log, log->size, batch(log->size, to), &count));
        if (count == 0)
            return TORI_FAIL(cx, LOG_DIFFERS, tori_u64("keyholder_size", to),
                             tori_u64("journal", log->size));
        TORI_TRY(append_rows(cx, log, count));
        tori_arena_reset(cx->arena);
    }
    return TORI_OK;
}

/* A keyholder that stood by while another one, with the same key, signed: it is shown the same rows
 * and comes to the same root, or to none that is published. */
static struct tori_result bring_up(struct tori_ctx *cx, struct tori_seal_log *log, uint64_t from)
{
    tori_log(cx, TORI_WARN, "log.keyholder_behind", tori_u64("size", from),
             tori_u64("published", log->published));
    while (from < log->published) {
        struct tori_str note;
        size_t count;
        TORI_TRY(read_rows(cx, log, from, batch(from, log->published), &count));
        if (count == 0)
            return TORI_FAIL(cx, LOG_DIFFERS, tori_u64("keyholder_size", from),
                             tori_u64("published", log->published));
        struct tori_extension extension = {from, log->leaf, count};
        TORI_TRY(tori_keys_log_extend(cx, log->config.keys, &extension, &note));
        TORI_TRY(keep_note(cx, log, note));
        from += count;
        tori_arena_reset(cx->arena);
    }
    return check_note(cx, log);
}

static struct tori_result open_log(struct tori_ctx *cx, struct tori_seal_log *log)
{
    struct tori_opened opened = {.checkpoint = {.head = {.size = 0}}};
    struct tori_str note;
    uint64_t signed_size = 0;

    TORI_TRY(open_key(cx, log));
    TORI_TRY(open_files(cx, log, &opened));
    struct tori_result head = tori_keys_log_checkpoint(cx, log->config.keys, &signed_size, &note);
    if (head.err == TORI_ERR_NOT_PERMITTED && log->published > 0) {
        head = offer_state(cx, log, &opened, &note);
        signed_size = log->published;
    }
    TORI_TRY(head);
    TORI_TRY(keep_note(cx, log, note));
    if (signed_size < log->published)
        return bring_up(cx, log, signed_size);
    TORI_TRY(catch_up(cx, log, signed_size));
    /* The empty log is published too: its first readers find a checkpoint. */
    return log->size > log->published || log->size == 0 ? publish(cx, log) : TORI_OK;
}

static struct tori_result seal_rows(struct tori_ctx *cx, struct tori_seal_log *log, size_t *count)
{
    struct tori_str note;

    tori_arena_reset(cx->arena);
    TORI_TRY(read_rows(cx, log, log->size, TORI_EXTEND_MAX, count));
    if (*count == 0)
        return TORI_OK;
    struct tori_extension extension = {log->size, log->leaf, *count};
    tori_failpoint("seal.read");
    TORI_TRY(tori_keys_log_extend(cx, log->config.keys, &extension, &note));
    tori_failpoint("seal.signed");
    TORI_TRY(keep_note(cx, log, note));
    return append_rows(cx, log, *count);
}

static struct tori_result seal_all(struct tori_ctx *cx, struct tori_seal_log *log)
{
    size_t count = 1;

    if (log->builder == NULL)
        TORI_TRY(open_log(cx, log));
    for (int batch = 0; batch < BATCHES && count > 0; batch++)
        TORI_TRY(seal_rows(cx, log, &count));
    log->caught_up = count == 0;
    tori_arena_reset(cx->arena);
    return log->size > log->published ? publish(cx, log) : TORI_OK;
}

struct tori_result tori_seal_log_step(struct tori_seal_log *log)
{
    struct tori_ctx *cx = &log->cx;
    int64_t begun_ms = tori_clock_steady_ms();
    uint64_t before = log->published;

    tori_arena_reset(cx->arena);
    cx->now = tori_clock_wall();
    struct tori_result result = seal_all(cx, log);
    if (TORI_FAILED(result)) {
        tori_log_failure(cx, result.err == TORI_ERR_LOG_DIFFERS ? TORI_ERROR : TORI_WARN,
                         "log.not_sealed");
        forget(log);
    }
    pthread_mutex_lock(&log->mutex);
    log->facts.failure = result.err;
    if (!TORI_FAILED(result)) {
        if (log->caught_up)
            log->facts.complete_to_ms = begun_ms;
        log->facts.sealed = log->published;
        if (log->published != before || log->facts.sealed_at_ms == 0)
            log->facts.sealed_at_ms = tori_clock_steady_ms();
    }
    pthread_mutex_unlock(&log->mutex);
    return result;
}

/* Waits; true when it is time to end. */
static bool wait_ms(struct tori_seal_log *log, long ms)
{
    struct timespec until;

    tori_clock_deadline(ms, &until);
    pthread_mutex_lock(&log->mutex);
    while (!log->stop && pthread_cond_timedwait(&log->wake, &log->mutex, &until) == 0)
        continue;
    bool stop = log->stop;
    pthread_mutex_unlock(&log->mutex);
    return stop;
}

/* Nothing is decided here, so nothing waits. Whoever owns the shard goes on with the same files. */
static void stand_by(struct tori_seal_log *log)
{
    forget(log);
    pthread_mutex_lock(&log->mutex);
    log->facts.complete_to_ms = tori_clock_steady_ms();
    pthread_mutex_unlock(&log->mutex);
}

static void note_failure(struct tori_seal_log *log, tori_err err)
{
    pthread_mutex_lock(&log->mutex);
    log->facts.failure = err;
    pthread_mutex_unlock(&log->mutex);
}

static void *run_sequencer(void *arg)
{
    struct tori_seal_log *log = arg;
    int64_t step_ms = 0;

    do {
        tori_arena_reset(log->cx.arena);
        struct tori_result beat = tori_keys_beat(&log->cx, log->config.keys);
        int64_t now_ms = tori_clock_steady_ms();
        if (TORI_FAILED(beat))
            note_failure(log, beat.err);
        if (epoch_now(log) == 0) {
            stand_by(log);
            continue;
        }
        if (TORI_FAILED(beat) || now_ms - step_ms < STEP_MS)
            continue;
        step_ms = now_ms;
        beat = tori_seal_log_step(log); /* a failure is in the facts and on the log */
    } while (!wait_ms(log, BEAT_MS));
    return NULL;
}

/* On a thread of its own, because the sequencer may hang in a write just when it matters. */
static void *run_watcher(void *arg)
{
    struct tori_seal_log *log = arg;

    do
        log->config.tell(log->config.host, tori_seal_log_why_not(log));
    while (!wait_ms(log, WATCH_MS));
    return NULL;
}

struct tori_result tori_seal_log_start(struct tori_ctx *cx, struct tori_seal_log *log)
{
    if (pthread_create(&log->thread[0], NULL, run_sequencer, log) != 0)
        return TORI_FAIL(cx, NO_MEMORY, tori_word("thread", "sequencer"));
    log->threads = 1;
    if (log->config.tell == NULL)
        return TORI_OK;
    if (pthread_create(&log->thread[1], NULL, run_watcher, log) != 0)
        return TORI_FAIL(cx, NO_MEMORY, tori_word("thread", "watcher"));
    log->threads = 2;
    return TORI_OK;
}

struct tori_seal_facts tori_seal_log_facts(struct tori_seal_log *log)
{
    pthread_mutex_lock(&log->mutex);
    struct tori_seal_facts facts = log->facts;
    pthread_mutex_unlock(&log->mutex);
    return facts;
}

int64_t tori_seal_log_lag_ms(struct tori_seal_log *log)
{
    return tori_clock_steady_ms() - tori_seal_log_facts(log).complete_to_ms;
}

tori_err tori_seal_log_why_not(struct tori_seal_log *log)
{
    int64_t beat_ms = tori_keys_last_beat_ms(log->config.keys);

    if (beat_ms == 0 || tori_clock_steady_ms() - beat_ms > BEAT_OLD_MS)
        return TORI_ERR_KEYHOLDER_AWAY;
    if (tori_seal_log_lag_ms(log) > log->config.max_unsealed_ms)
        return TORI_ERR_NOT_SEALING;
    return TORI_ERR_NONE;
}
