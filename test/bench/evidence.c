/* What sealing costs: EXTEND calls of 1, 16, 256 and 1,024 leaves to a real keyholder whose state
 * is synced to disk each time, data keys opened, and the whole sequencer. CPU is that of all
 * processes. */
#include "test/unit/keyholder.h"

#include <sys/resource.h>

#include "domain/evidence/entry.h"
#include "service/seal_log.h"

enum { SECONDS_MS = 1500, ROWS = 50000 };

static int64_t cpu_us_of(const struct rusage *usage)
{
    return ((int64_t)usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
           usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

static int64_t cpu_us(int who)
{
    struct rusage usage;

    getrusage(who, &usage);
    return cpu_us_of(&usage);
}

/* A folder on the disk that tests otherwise avoid. */
static void on_disk(char out[static 64])
{
    const char *place = getenv("TORI_BENCH_DIR");

    snprintf(out, 64, "%s/torimori-test-%d-XXXXXX", place == NULL ? "." : place, (int)getpid());
    assert_non_null(mkdtemp(out));
}

static void begin(struct tori_ctx *cx, struct holder *h)
{
    *h = (struct holder){.pid = 0};
    on_disk(h->folder);
    holder_start(cx, h, NULL);
    assert_ok(cx, tori_keys_beat(cx, h->keys));
}

/* The keyholder's own CPU becomes known when it ends. */
struct clocks {
    int64_t wall_us;
    int64_t self_us;
    int64_t children_us;
};

static struct clocks clocks_now(void)
{
    return (struct clocks){tori_clock_steady_us(), cpu_us(RUSAGE_SELF), cpu_us(RUSAGE_CHILDREN)};
}

static void print_row(const char *what, uint64_t n, const struct clocks *from)
{
    struct clocks now = clocks_now();
    double wall = (double)(now.wall_us - from->wall_us),
           self = (double)(now.self_us - from->self_us),
           holder = (double)(now.children_us - from->children_us);

    printf("%-34s %9.0f /s   %7.3f us CPU each (keyholder %.3f, caller %.3f)\n", what,
           (double)n * 1e6 / wall, (self + holder) / (double)n, holder / (double)n,
           self / (double)n);
}

static void bench_extend(struct tori_ctx *cx, size_t leaves)
{
    static struct tori_hash leaf[TORI_EXTEND_MAX];
    struct tori_extension e = {.leaf = leaf, .count = leaves};
    struct holder h;
    struct tori_str note;
    char what[64];

    begin(cx, &h);
    struct clocks from = clocks_now();
    int64_t until = tori_clock_steady_ms() + SECONDS_MS;
    while (tori_clock_steady_ms() < until) {
        tori_random_fill(&cx->random, leaf[0].at, sizeof(leaf[0]));
        struct tori_result r = tori_keys_log_extend(cx, h.keys, &e, &note);
        if (r.err == TORI_ERR_BUSY) { /* 1,000 a second: the disk was faster than the cap */
            usleep(1000);
            continue;
        }
        assert_ok(cx, r);
        e.from_size += leaves;
        tori_arena_reset(cx->arena);
    }
    holder_stop(&h);
    snprintf(what, sizeof(what), "extend, %zu leaves a call", leaves);
    print_row(what, e.from_size, &from);
    remove_tree(h.folder);
}

static void bench_open(struct tori_ctx *cx)
{
    struct holder h;
    struct tori_id owner = {{1}};
    struct tori_wrapped wrapped;
    struct tori_key32 key;
    uint64_t n = 0;

    begin(cx, &h);
    assert_ok(cx, tori_keys_data_key_new(cx, h.keys, &owner, &wrapped, &key));
    struct clocks from = clocks_now();
    for (; n < 9000; n++) {
        assert_ok(cx, tori_keys_data_key_open(cx, h.keys, &owner,
                                              (struct tori_bytes){wrapped.at, wrapped.len}, &key));
        tori_arena_reset(cx->arena);
    }
    holder_stop(&h);
    print_row("data key opened", n, &from);
    remove_tree(h.folder);
}

static struct tori_bytes kept[ROWS];
static struct tori_hash leaf_of_kept[ROWS];

static void make_rows(struct tori_ctx *cx)
{
    for (uint64_t i = 0; i < ROWS; i++) {
        struct tori_entry_head head = {.seq = i, .at = 1795150800000, .kind = "operation.allowed"};
        struct tori_commitment commitment = {.salt = {0}};
        struct tori_entry entry;
        tori_entry_begin(cx, &head, &entry);
        tori_out_word(&entry.out, "type", "withdrawal");
        tori_entry_commit(&entry, "client_data", &commitment);
        tori_entry_commit(&entry, "authenticator_data", &commitment);
        tori_entry_commit(&entry, "signature", &commitment);
        tori_entry_commit(&entry, "operation", &commitment);
        assert_ok(cx, tori_entry_end(cx, &entry, &kept[i]));
        leaf_of_kept[i] = tori_leaf_hash(kept[i]);
    }
}

static struct tori_result read_rows(struct tori_ctx *cx, void *owner, uint64_t from,
                                    struct tori_journal_rows *rows)
{
    (void)cx;
    (void)owner;
    for (rows->count = 0; rows->count < rows->most && from + rows->count < ROWS; rows->count++) {
        uint64_t i = from + rows->count;
        rows->row[rows->count] = (struct tori_journal_leaf){i, kept[i], leaf_of_kept[i]};
    }
    return TORI_OK;
}

static void bench_sequencer(struct tori_ctx *cx)
{
    struct holder h;
    struct tori_seal_log *log;
    char dir[64];

    begin(cx, &h);
    on_disk(dir);
    const struct tori_seal_config config = {.dir = dir, .keys = h.keys, .read = read_rows};
    assert_ok(cx, tori_seal_log_new(cx, &config, &log));
    struct clocks from = clocks_now();
    while (tori_seal_log_facts(log).sealed < ROWS)
        assert_ok(cx, tori_seal_log_step(log));
    tori_seal_log_free(log);
    holder_stop(&h);
    print_row("sequencer, 50,000 rows at once", ROWS, &from);
    remove_tree(dir);
    remove_tree(h.folder);
}

int main(void)
{
    struct tori_ctx cx = {.arena = tori_arena_new(96 * 1024 * 1024)};
    static const size_t leaves[] = {1, 16, 256, 1024};

    tori_hash_init();
    tori_random_seed(&cx.random);
    for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
        bench_extend(&cx, leaves[i]);
    bench_open(&cx);
    tori_arena_reset(cx.arena);
    make_rows(&cx);
    bench_sequencer(&cx);
    tori_arena_free(cx.arena);
    return 0;
}
