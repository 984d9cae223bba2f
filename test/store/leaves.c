/* From committed journal rows to a published log, on both engines: the sequencer reads the store, a
 * real keyholder signs, the verifier agrees, and the same rows give the same tiles again. */
#include "fixture.h"

#include "../unit/keyholder.h"
#include "base/file.h"
#include "domain/evidence/entry.h"
#include "service/journal_leaves.h"
#include "service/log_check.h"

enum { ROWS = 700, GROUP = 50 };

struct scene {
    struct fixture *f;
    struct holder holder;
    char dir[64];
    struct tori_journal_leaves leaves;
    struct tori_seal_log *log;
};

static struct tori_journal row_of(struct tori_ctx *cx, int64_t seq)
{
    struct tori_journal row = sample_journal(seq);
    struct tori_entry_head head = {
        .seq = (uint64_t)seq, .at = row.at_ms, .customer = &row.customer_id, .kind = "test.row"};
    struct tori_entry entry;
    struct tori_bytes text;

    tori_entry_begin(cx, &head, &entry);
    tori_out_text(&entry.out, "word", TORI_STR("取守"));
    assert_ok(cx, tori_entry_end(cx, &entry, &text));
    row.entry = tori_bytes_str(text);
    row.leaf_hash = tori_leaf_hash(text);
    return row;
}

/* Commits rows [from, to), GROUP at a time. */
static void commit_rows(struct fixture *f, int64_t from, int64_t to)
{
    struct tori_journal row[GROUP];
    struct tori_change change[GROUP];

    while (from < to) {
        size_t n = 0;
        for (; n < GROUP && from < to; n++, from++) {
            row[n] = row_of(&f->cx, from);
            change[n] = change_of(TORI_INSERT, TORI_TABLE_JOURNAL, &row[n]);
        }
        assert_ok(&f->cx, commit_all(f, change, n));
        tori_arena_reset(f->cx.arena);
    }
}

static void scene_begin(void **state, struct scene *s)
{
    *s = (struct scene){.f = fixture_owned(state)};
    holder_new(&s->f->cx, &s->holder);
    scratch(s->dir);
    s->leaves.reader = s->f->reader;
    const struct tori_seal_config config = {.dir = s->dir,
                                            .keys = s->holder.keys,
                                            .read = tori_journal_leaves_read,
                                            .owner = &s->leaves};
    assert_ok(&s->f->cx, tori_seal_log_new(&s->f->cx, &config, &s->log));
}

static void scene_end(struct scene *s)
{
    tori_seal_log_free(s->log);
    holder_stop(&s->holder);
}

static void assert_sound(struct scene *s, uint64_t size)
{
    struct tori_log_report report;

    assert_ok(&s->f->cx, tori_log_verify(&s->f->cx, s->dir, (struct tori_str){NULL, 0}, &report));
    assert_int_equal(report.fault, TORI_LOG_SOUND);
    assert_int_equal(report.head.size, size);
}

static void committed_rows_are_sealed(void **state)
{
    static const int64_t sizes[] = {0, 1, 300, ROWS};
    struct scene s;

    scene_begin(state, &s);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        commit_rows(s.f, i == 0 ? 0 : sizes[i - 1], sizes[i]);
        assert_ok(&s.f->cx, tori_seal_log_step(s.log));
        assert_sound(&s, (uint64_t)sizes[i]);
    }
    scene_end(&s);
}

static void the_log_is_made_again_from_the_store(void **state)
{
    struct scene s;
    char tiles[128], path[160];
    struct tori_bytes before, after;
    struct tori_log_report report;

    scene_begin(state, &s);
    commit_rows(s.f, 0, ROWS);
    assert_ok(&s.f->cx, tori_seal_log_step(s.log));
    snprintf(tiles, sizeof(tiles), "%s/tile", s.dir);
    snprintf(path, sizeof(path), "%s/entries/002.p/188", tiles);
    assert_ok(&s.f->cx, tori_file_read(&s.f->cx, path, TORI_BUNDLE_MAX, &before));
    remove_tree(tiles);
    struct tori_log_source source = {tori_journal_leaves_read, &s.leaves};
    assert_ok(&s.f->cx, tori_log_rebuild(&s.f->cx, s.dir, &source, &report));
    assert_int_equal(report.fault, TORI_LOG_SOUND);
    assert_ok(&s.f->cx, tori_file_read(&s.f->cx, path, TORI_BUNDLE_MAX, &after));
    assert_true(tori_bytes_eq(before, after));
    assert_sound(&s, ROWS);
    scene_end(&s);
}

/* The sequencer looks again at what it seals: a leaf_hash that is not that of its entry stays
 * out. */
static void a_row_that_lies_is_not_sealed(void **state)
{
    struct scene s;

    scene_begin(state, &s);
    commit_rows(s.f, 0, 10);
    assert_ok(&s.f->cx, tori_seal_log_step(s.log));
    struct tori_journal row = row_of(&s.f->cx, 10);
    row.leaf_hash.at[3] ^= 1;
    assert_ok(&s.f->cx, commit_one(s.f, change_of(TORI_INSERT, TORI_TABLE_JOURNAL, &row)));
    assert_fails(tori_seal_log_step(s.log), TORI_ERR_LOG_DIFFERS);
    assert_sound(&s, 10);
    scene_end(&s);
}

static const struct CMUnitTest tests[] = {
    both(committed_rows_are_sealed),
    both(the_log_is_made_again_from_the_store),
    both(a_row_that_lies_is_not_sealed),
};

int main(void)
{
    int failed = tori_unit_run("leaves", tests);
    scratch_clean();
    return failed;
}
