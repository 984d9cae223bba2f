/* make_log OUT SIZE...: a log with a real keyholder and the real sequencer, grown through the given
 * sizes. OUT/log is the log, OUT/checkpoint.SIZE each checkpoint as it was published. */
#include "test/unit/keyholder.h"

#include "domain/evidence/entry.h"
#include "service/seal_log.h"

static struct tori_result made_up_rows(struct tori_ctx *cx, void *owner, uint64_t from,
                                       struct tori_journal_rows *rows)
{
    const uint64_t *size = owner;

    for (rows->count = 0; rows->count < rows->most && from + rows->count < *size; rows->count++) {
        uint64_t i = from + rows->count;
        struct tori_entry_head head = {
            .seq = i, .at = 1795150800000 + (tori_time)i, .kind = "sample.row"};
        struct tori_entry entry;
        struct tori_bytes text;
        tori_entry_begin(cx, &head, &entry);
        tori_out_int(&entry.out, "square", (int64_t)(i * i));
        TORI_TRY(tori_entry_end(cx, &entry, &text));
        rows->row[rows->count] = (struct tori_journal_leaf){i, text, tori_leaf_hash(text)};
    }
    return TORI_OK;
}

/* Seals up to `size` and keeps a copy of the checkpoint. */
static struct tori_result grow(struct tori_ctx *cx, struct tori_seal_log *log, const char *out,
                               uint64_t size)
{
    struct tori_log_dir from = {.path = out}, dir = {.path = NULL};
    char path[300], name[64];
    struct tori_str note;

    while (tori_seal_log_facts(log).sealed < size)
        TORI_TRY(tori_seal_log_step(log));
    snprintf(path, sizeof(path), "%s/log", out);
    snprintf(name, sizeof(name), "checkpoint.%llu", (unsigned long long)size);
    dir.path = path;
    TORI_TRY(tori_log_dir_note(cx, &dir, "checkpoint", &note));
    return tori_log_dir_note_put(cx, &from, name, note);
}

static struct tori_result make(struct tori_ctx *cx, struct holder *holder, int argc, char **argv)
{
    uint64_t size = 0;
    char path[300];
    struct tori_seal_log *log;

    snprintf(path, sizeof(path), "%s/log", argv[1]);
    const struct tori_seal_config config = {
        .dir = path, .keys = holder->keys, .read = made_up_rows, .owner = &size};
    TORI_TRY(tori_seal_log_new(cx, &config, &log));
    struct tori_result result = TORI_OK;
    for (int i = 2; i < argc && !TORI_FAILED(result); i++) {
        size = strtoull(argv[i], NULL, 10);
        result = grow(cx, log, argv[1], size);
    }
    tori_seal_log_free(log);
    return result;
}

int main(int argc, char **argv)
{
    struct tori_ctx cx = {.arena = tori_arena_new(16 * 1024 * 1024)};
    struct holder holder;

    if (argc < 3)
        return 2;
    tori_hash_init();
    tori_random_seed(&cx.random);
    holder_new(&cx, &holder);
    struct tori_result result = make(&cx, &holder, argc, argv);
    if (TORI_FAILED(result))
        fprintf(stderr, "%s at %s:%d\n", tori_err_name(result.err), cx.failure.file,
                cx.failure.line);
    holder_stop(&holder);
    scratch_clean();
    tori_arena_free(cx.arena);
    return TORI_FAILED(result) ? 1 : 0;
}
