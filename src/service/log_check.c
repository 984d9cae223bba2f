#include "service/log_check.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "domain/evidence/builder.h"
#include "domain/evidence/entry.h"
#include "service/log_check_int.h"

/* Room for two bundles of the longest entries. */
enum { ARENA = 64 * 1024 * 1024, ROWS = TORI_TILE_WIDTH };

struct tori_result tori_log_fault_at(struct tori_check *check, enum tori_log_fault fault,
                                     const struct tori_tile *tile, uint64_t entry)
{
    struct tori_log_report *report = check->report;
    struct tori_buf name = {.at = (uint8_t *)report->file,
                            .room = sizeof(report->file) - 1,
                            .cap = sizeof(report->file) - 1};

    report->fault = fault;
    report->entry = entry;
    if (tile != NULL)
        tori_tile_path(&name, tile);
    report->file[name.len] = 0;
    return TORI_FAIL(check->cx, LOG_DIFFERS, tori_word("file", report->file),
                     tori_u64("entry", entry));
}

struct tori_result tori_check_tile(struct tori_check *check, const struct tori_tile *tile,
                                   struct tori_bytes *out)
{
    struct tori_result result = tori_log_dir_read(check->cx, check->dir, tile, out);

    if (result.err == TORI_ERR_NOT_FOUND)
        return tori_log_fault_at(check, TORI_LOG_FILE_MISSING, tile, 0);
    if (result.err == TORI_ERR_LOG_DIFFERS || result.err == TORI_ERR_TOO_LARGE)
        return tori_log_fault_at(check, TORI_LOG_FILE_MALFORMED, tile, 0);
    TORI_TRY(result);
    if (!tile->entries && out->len != tile->width * sizeof(struct tori_hash))
        return tori_log_fault_at(check, TORI_LOG_FILE_MALFORMED, tile, 0);
    return TORI_OK;
}

/* Takes the tiles that the entries give, and compares. The lowest level was compared entry by
 * entry. */
static struct tori_result compare(struct tori_ctx *cx, void *owner, const struct tori_tile *tile,
                                  struct tori_bytes content)
{
    struct tori_check *check = owner;
    struct tori_bytes there;
    const size_t one = sizeof(struct tori_hash);

    (void)cx;
    if (tile->level == 0)
        return TORI_OK;
    TORI_TRY(tori_check_tile(check, tile, &there));
    for (size_t i = 0; i < tile->width; i++) {
        struct tori_bytes a = {there.at + i * one, one}, b = {content.at + i * one, one};
        if (!tori_bytes_eq(a, b))
            return tori_log_fault_at(check, TORI_LOG_HASH_ALTERED, tile,
                                     (tile->index * TORI_TILE_WIDTH + i) << (8 * tile->level));
    }
    return TORI_OK;
}

/* One bundle and the tile of its leaves. */
static struct tori_result check_bundle(struct tori_check *check, uint64_t index)
{
    struct tori_tile tile = {.index = index};
    struct tori_tile entries = {.entries = true, .index = index};
    struct tori_bytes hashes, content;
    struct tori_bundle bundle;

    tile.width = entries.width = tori_tile_width(check->report->head.size, 0, index);
    TORI_TRY(tori_check_tile(check, &tile, &hashes));
    TORI_TRY(tori_check_tile(check, &entries, &content));
    if (TORI_FAILED(tori_bundle_read(check->cx, content, entries.width, &bundle)))
        return tori_log_fault_at(check, TORI_LOG_FILE_MALFORMED, &entries, 0);
    for (unsigned i = 0; i < bundle.width; i++) {
        uint64_t seq = index * TORI_TILE_WIDTH + i;
        struct tori_hash leaf = tori_leaf_hash(bundle.entry[i]);
        struct tori_bytes due = {hashes.at + i * sizeof(leaf.at), sizeof(leaf.at)};
        if (!tori_bytes_eq(tori_hash_bytes(&leaf), due))
            return tori_log_fault_at(check, TORI_LOG_ENTRY_ALTERED, &entries, seq);
        if (!tori_entry_has_seq(bundle.entry[i], seq))
            return tori_log_fault_at(check, TORI_LOG_ENTRY_ORDER, &entries, seq);
        TORI_TRY(tori_builder_append(check->cx, check->builder, bundle.entry[i], &leaf));
    }
    return TORI_OK;
}

static struct tori_result check_tiles(struct tori_check *check)
{
    uint64_t size = check->report->head.size;

    for (uint64_t index = 0; index * TORI_TILE_WIDTH < size; index++) {
        tori_arena_reset(check->cx->arena);
        TORI_TRY(check_bundle(check, index));
    }
    TORI_TRY(tori_builder_flush(check->cx, check->builder));
    struct tori_tree_head head = tori_builder_head(check->builder);
    if (!tori_hash_eq(&head.root, &check->report->head.root))
        return tori_log_fault_at(check, TORI_LOG_ROOT_DIFFERS, NULL, 0);
    return TORI_OK;
}

/* The checkpoint, verified; its origin and head go into the report. */
static struct tori_result open_checkpoint(struct tori_check *check, struct tori_str vkey)
{
    struct tori_ctx *cx = check->cx;
    struct tori_log_report *report = check->report;
    struct tori_note_key key;
    struct tori_opened opened;
    struct tori_str note;
    struct tori_result found = TORI_OK;

    if (vkey.len == 0)
        found = tori_log_dir_note(cx, check->dir, "vkey", &vkey);
    if (found.err == TORI_ERR_NOT_FOUND ||
        (!TORI_FAILED(found) && TORI_FAILED(tori_vkey_read(cx, vkey, &key))))
        return tori_log_fault_at(check, TORI_LOG_NO_VKEY, NULL, 0);
    TORI_TRY(found);
    found = tori_log_dir_note(cx, check->dir, "checkpoint", &note);
    if (found.err == TORI_ERR_NOT_FOUND)
        return tori_log_fault_at(check, TORI_LOG_NO_CHECKPOINT, NULL, 0);
    TORI_TRY(found);
    if (TORI_FAILED(tori_checkpoint_open(cx, note, &key, &opened)))
        return tori_log_fault_at(check, TORI_LOG_NOT_SIGNED, NULL, 0);
    report->head = opened.checkpoint.head;
    memcpy(report->origin, key.name.at, key.name.len);
    report->origin[key.name.len] = 0;
    return TORI_OK;
}

/* A log that is not sound is a report, not an error. */
static struct tori_result judge(const struct tori_log_report *report, struct tori_result result)
{
    return report->fault != TORI_LOG_SOUND ? TORI_OK : result;
}

static struct tori_result begin(struct tori_ctx *cx, tori_tile_put_fn *put,
                                struct tori_check *check)
{
    *check->report = (struct tori_log_report){.fault = TORI_LOG_SOUND};
    *check->cx = *cx;
    check->cx->arena = tori_arena_new(ARENA);
    if (check->cx->arena == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    return tori_builder_new(check->cx, put, check, &check->builder);
}

static struct tori_result end(struct tori_ctx *cx, struct tori_check *check,
                              struct tori_result result)
{
    cx->failure = check->cx->failure;
    tori_builder_free(check->builder);
    tori_arena_free(check->cx->arena);
    return judge(check->report, result);
}

struct tori_result tori_log_verify(struct tori_ctx *cx, const char *path, struct tori_str vkey,
                                   struct tori_log_report *out)
{
    struct tori_ctx own;
    struct tori_log_dir dir = {.path = path};
    struct tori_check check = {.cx = &own, .dir = &dir, .report = out};

    struct tori_result result = begin(cx, compare, &check);
    if (!TORI_FAILED(result))
        result = open_checkpoint(&check, vkey);
    if (!TORI_FAILED(result))
        result = check_tiles(&check);
    if (!TORI_FAILED(result))
        result = tori_check_folder(&check);
    return end(cx, &check, result);
}

/* Rebuild: first nothing is written, then everything. */
static struct tori_result put_if_writing(struct tori_ctx *cx, void *owner,
                                         const struct tori_tile *tile, struct tori_bytes content)
{
    struct tori_check *check = owner;
    return check->writing ? tori_log_dir_put(cx, check->dir, tile, content) : TORI_OK;
}

static struct tori_result take_row(struct tori_check *check, const struct tori_journal_leaf *row,
                                   uint64_t seq)
{
    struct tori_hash leaf = tori_leaf_hash(row->entry);

    if (row->seq != seq || !tori_entry_has_seq(row->entry, seq))
        return tori_log_fault_at(check, TORI_LOG_ENTRY_ORDER, NULL, seq);
    if (!tori_hash_eq(&leaf, &row->leaf))
        return tori_log_fault_at(check, TORI_LOG_ENTRY_ALTERED, NULL, seq);
    return tori_builder_append(check->cx, check->builder, row->entry, &leaf);
}

static struct tori_result take_rows(struct tori_check *check, const struct tori_log_source *source,
                                    struct tori_journal_leaf *row)
{
    uint64_t size = check->report->head.size;

    for (uint64_t seq = 0; seq < size;) {
        struct tori_journal_rows rows = {.row = row,
                                         .most = size - seq < ROWS ? (size_t)(size - seq) : ROWS};
        tori_arena_reset(check->cx->arena);
        TORI_TRY(source->read(check->cx, source->owner, seq, &rows));
        if (rows.count == 0)
            return tori_log_fault_at(check, TORI_LOG_SOURCE_SHORT, NULL, seq);
        for (size_t i = 0; i < rows.count; i++)
            TORI_TRY(take_row(check, &row[i], seq + i));
        seq += rows.count;
    }
    TORI_TRY(tori_builder_flush(check->cx, check->builder));
    struct tori_tree_head head = tori_builder_head(check->builder);
    if (!tori_hash_eq(&head.root, &check->report->head.root))
        return tori_log_fault_at(check, TORI_LOG_ROOT_DIFFERS, NULL, 0);
    return TORI_OK;
}

static struct tori_result rebuild(struct tori_check *check, const struct tori_log_source *source)
{
    struct tori_journal_leaf row[ROWS];

    TORI_TRY(open_checkpoint(check, (struct tori_str){NULL, 0}));
    TORI_TRY(take_rows(check, source, row));
    tori_builder_free(check->builder);
    check->builder = NULL;
    check->writing = true;
    TORI_TRY(tori_builder_new(check->cx, put_if_writing, check, &check->builder));
    TORI_TRY(tori_file_batch_new(check->cx, &check->dir->batch));
    TORI_TRY(take_rows(check, source, row));
    return tori_log_dir_commit(check->cx, check->dir);
}

struct tori_result tori_log_rebuild(struct tori_ctx *cx, const char *path,
                                    const struct tori_log_source *source,
                                    struct tori_log_report *out)
{
    struct tori_ctx own;
    struct tori_log_dir dir = {.path = path};
    struct tori_check check = {.cx = &own, .dir = &dir, .report = out};

    struct tori_result result = begin(cx, put_if_writing, &check);
    if (!TORI_FAILED(result))
        result = rebuild(&check, source);
    tori_file_batch_free(dir.batch);
    return end(cx, &check, result);
}

struct tori_result tori_log_dir_source(struct tori_ctx *cx, void *owner, uint64_t from,
                                       struct tori_journal_rows *rows)
{
    struct tori_log_dir *dir = owner;
    struct tori_tile tile = {
        .entries = true, .index = from / TORI_TILE_WIDTH, .width = TORI_TILE_WIDTH};
    size_t skip = from % TORI_TILE_WIDTH;
    struct tori_log_view view;
    struct tori_bytes content;
    struct tori_bundle bundle;

    TORI_TRY(tori_log_dir_view(cx, dir, &view));
    tile.width = tori_tile_width(view.tree.size, 0, tile.index);
    rows->count = 0;
    if (tile.width <= skip)
        return TORI_OK;
    TORI_TRY(tori_log_dir_read(cx, dir, &tile, &content));
    TORI_TRY(tori_bundle_read(cx, content, tile.width, &bundle));
    for (size_t i = skip; i < bundle.width && rows->count < rows->most; i++)
        rows->row[rows->count++] = (struct tori_journal_leaf){
            .seq = tile.index * TORI_TILE_WIDTH + i,
            .entry = bundle.entry[i],
            .leaf = tori_leaf_hash(bundle.entry[i]),
        };
    return TORI_OK;
}
