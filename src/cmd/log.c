/* torimori log: looks at a log folder without the server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "service/journal_leaves.h"
#include "service/log_check.h"

enum { DONE = 0, NO = 1, MISUSED = 2, ARENA = 160 * 1024 * 1024, SHARD = 0 };

/* The parts of a command line that any of the subcommands knows. */
struct line {
    const char *vkey; /* --vkey */
    const char *from; /* --from */
    const char *word[2];
    int words;
};

static void say(FILE *out, const struct tori_ctx *cx, enum tori_text_key key,
                const struct tori_text_arg *args)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 64 * 1024);

    tori_text_put(&buf, cx->lang, key, args);
    tori_buf_byte(&buf, '\n');
    (void)fwrite(buf.at, 1, buf.len, out); /* where should a failure be told? */
}

static int misused(const struct tori_ctx *cx)
{
    say(stderr, cx, TORI_T_LOG_USAGE, (const struct tori_text_arg[]){{NULL, {NULL, 0}}});
    return MISUSED;
}

/* The text of an error code, and where it came from for whoever reports it. */
static int failed(const struct tori_ctx *cx)
{
    char name[64];
    enum tori_text_key key = TORI_T_ERROR_INTERNAL;

    snprintf(name, sizeof(name), "error.%s", tori_err_name(cx->failure.err));
    for (char *c = name; *c != 0; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    tori_text_find(tori_str_z(name), &key);
    say(stderr, cx, key, (const struct tori_text_arg[]){{NULL, {NULL, 0}}});
    return NO;
}

static enum tori_text_key fault_text(enum tori_log_fault fault)
{
    switch (fault) {
    case TORI_LOG_SOUND:
        return TORI_T_LOG_SOUND;
    case TORI_LOG_NO_VKEY:
        return TORI_T_LOG_NO_VKEY;
    case TORI_LOG_NO_CHECKPOINT:
        return TORI_T_LOG_NO_CHECKPOINT;
    case TORI_LOG_NOT_SIGNED:
        return TORI_T_LOG_NOT_SIGNED;
    case TORI_LOG_FILE_MISSING:
        return TORI_T_LOG_FILE_MISSING;
    case TORI_LOG_FILE_MALFORMED:
        return TORI_T_LOG_FILE_MALFORMED;
    case TORI_LOG_ENTRY_ALTERED:
        return TORI_T_LOG_ENTRY_ALTERED;
    case TORI_LOG_ENTRY_ORDER:
        return TORI_T_LOG_ENTRY_ORDER;
    case TORI_LOG_HASH_ALTERED:
        return TORI_T_LOG_HASH_ALTERED;
    case TORI_LOG_ROOT_DIFFERS:
        return TORI_T_LOG_ROOT_DIFFERS;
    case TORI_LOG_FILE_STRAY:
        return TORI_T_LOG_FILE_STRAY;
    case TORI_LOG_SOURCE_SHORT:
        return TORI_T_LOG_SOURCE_SHORT;
    }
    return TORI_T_ERROR_INTERNAL;
}

/* What a check found, with every name that its text may have a place for. */
static int tell(const struct tori_ctx *cx, const struct tori_log_report *report)
{
    struct tori_buf size = tori_buf_new(cx->arena, 32), entry = tori_buf_new(cx->arena, 32),
                    root = tori_buf_new(cx->arena, 64);
    bool sound = report->fault == TORI_LOG_SOUND;

    tori_buf_i64(&size, (int64_t)report->head.size);
    tori_buf_i64(&entry, (int64_t)report->entry);
    tori_buf_b64(&root, tori_hash_bytes(&report->head.root));
    const struct tori_text_arg args[] = {
        {"size", tori_buf_text(&size)},   {"origin", tori_str_z(report->origin)},
        {"root", tori_buf_text(&root)},   {"file", tori_str_z(report->file)},
        {"entry", tori_buf_text(&entry)}, {NULL, {NULL, 0}}};
    say(sound ? stdout : stderr, cx, fault_text(report->fault), args);
    return sound ? DONE : NO;
}

static int verify(struct tori_ctx *cx, const struct line *line)
{
    struct tori_log_report report;
    struct tori_bytes vkey = {NULL, 0};

    if (line->words != 1 || line->from != NULL)
        return misused(cx);
    if (line->vkey != NULL && TORI_FAILED(tori_file_read(cx, line->vkey, TORI_NOTE_MAX, &vkey)))
        return failed(cx);
    if (TORI_FAILED(tori_log_verify(cx, line->word[0], tori_bytes_str(vkey), &report)))
        return failed(cx);
    int code = tell(cx, &report);
    if (code == DONE && line->vkey == NULL)
        say(stdout, cx, TORI_T_LOG_OWN_VKEY, (const struct tori_text_arg[]){{NULL, {NULL, 0}}});
    return code;
}

static bool take_seq(const char *text, uint64_t *out)
{
    uint64_t n = 0;
    size_t len = strlen(text);

    if (len == 0 || len > 18)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(text[i] - '0');
    }
    *out = n;
    return true;
}

static int prove(struct tori_ctx *cx, const struct line *line)
{
    struct tori_str proof;
    uint64_t seq;

    if (line->words != 2 || line->from != NULL || !take_seq(line->word[1], &seq))
        return misused(cx);
    if (TORI_FAILED(tori_log_dir_prove(cx, line->word[0], seq, &proof)))
        return failed(cx);
    return fwrite(proof.at, 1, proof.len, stdout) == proof.len ? DONE : NO;
}

static int show(struct tori_ctx *cx, const struct line *line)
{
    struct tori_bytes entry;
    uint64_t seq;

    if (line->words != 2 || line->from != NULL || !take_seq(line->word[1], &seq))
        return misused(cx);
    if (TORI_FAILED(tori_log_dir_show(cx, line->word[0], seq, &entry)))
        return failed(cx);
    bool whole = fwrite(entry.at, 1, entry.len, stdout) == entry.len && fputc('\n', stdout) == '\n';
    return whole ? DONE : NO;
}

/* A folder that holds nothing yet gets the checkpoint of the folder its entries come from. */
static struct tori_result bring_notes(struct tori_ctx *cx, struct tori_log_dir *from,
                                      struct tori_log_dir *to)
{
    static const char *const names[] = {"vkey", "checkpoint"};
    struct tori_str text;

    for (size_t i = 0; i < 2; i++) {
        struct tori_result there = tori_log_dir_note(cx, to, names[i], &text);
        if (there.err != TORI_ERR_NOT_FOUND)
            return there;
        TORI_TRY(tori_log_dir_note(cx, from, names[i], &text));
        TORI_TRY(tori_log_dir_note_put(cx, to, names[i], text));
    }
    return TORI_OK;
}

static struct tori_result rebuild_from_folder(struct tori_ctx *cx, const struct line *line,
                                              struct tori_log_report *report)
{
    struct tori_log_dir from = {.path = line->from}, to = {.path = line->word[0]};
    struct tori_log_source source = {tori_log_dir_source, &from};

    TORI_TRY(bring_notes(cx, &from, &to));
    return tori_log_rebuild(cx, to.path, &source, report);
}

static struct tori_result rebuild_from_reader(struct tori_ctx *cx, struct tori_store *store,
                                              const char *path, struct tori_log_report *report)
{
    struct tori_journal_leaves leaves = {.shard = SHARD};
    struct tori_log_source source = {tori_journal_leaves_read, &leaves};

    TORI_TRY(tori_reader_open(cx, store, &leaves.reader));
    struct tori_result result = tori_log_rebuild(cx, path, &source, report);
    tori_reader_close(leaves.reader);
    return result;
}

static struct tori_result rebuild_from_store(struct tori_ctx *cx, const struct line *line,
                                             struct tori_log_report *report)
{
    const struct tori_store_config config = {.url = tori_str_z(line->from)};
    struct tori_store *store;

    TORI_TRY(tori_store_open(cx, &config, true, &store));
    struct tori_result result = rebuild_from_reader(cx, store, line->word[0], report);
    tori_store_close(store);
    return result;
}

static int rebuild(struct tori_ctx *cx, const struct line *line)
{
    struct tori_log_report report;

    if (line->words != 1 || line->from == NULL || line->vkey != NULL)
        return misused(cx);
    struct tori_str from = tori_str_z(line->from);
    bool is_store = tori_str_starts(from, TORI_STR("sqlite:")) ||
                    tori_str_starts(from, TORI_STR("postgresql:"));
    struct tori_result result =
        is_store ? rebuild_from_store(cx, line, &report) : rebuild_from_folder(cx, line, &report);
    return TORI_FAILED(result) ? failed(cx) : tell(cx, &report);
}

/* False for an option nobody knows, or too many words. */
static bool take_line(int argc, char **argv, struct line *out)
{
    *out = (struct line){.words = 0};
    for (int i = 2; i < argc; i++) {
        const char **option = strcmp(argv[i], "--vkey") == 0   ? &out->vkey
                              : strcmp(argv[i], "--from") == 0 ? &out->from
                                                               : NULL;
        if (option != NULL && i + 1 < argc) {
            *option = argv[++i];
            continue;
        }
        if (option != NULL || argv[i][0] == '-' || out->words == 2)
            return false;
        out->word[out->words++] = argv[i];
    }
    return true;
}

/* The first of these that is set decides, as everywhere. */
static enum tori_lang language(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != 0)
            return strncmp(value, "ja", 2) == 0 ? TORI_JA : TORI_EN;
    }
    return TORI_EN;
}

static int run(struct tori_ctx *cx, int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(struct tori_ctx *cx, const struct line *line);
    } rows[] = {{"verify", verify}, {"prove", prove}, {"show", show}, {"rebuild", rebuild}};
    struct line line;

    if (argc < 2 || !take_line(argc, argv, &line))
        return misused(cx);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(argv[1], rows[i].name) == 0)
            return rows[i].run(cx, &line);
    return misused(cx);
}

int tori_cmd_log(int argc, char **argv)
{
    struct tori_ctx cx = {.arena = tori_arena_new(ARENA), .lang = language()};

    if (cx.arena == NULL)
        return NO;
    tori_hash_init();
    cx.now = tori_clock_wall();
    tori_random_seed(&cx.random);
    cx.log = tori_log_new("log", TORI_WARN, STDERR_FILENO);
    int code = run(&cx, argc, argv);
    tori_log_free(cx.log);
    tori_arena_free(cx.arena);
    return code;
}
