#include "service/log_dir.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "domain/evidence/proof.h"

static struct tori_result join(struct tori_ctx *cx, const struct tori_log_dir *dir,
                               struct tori_str name, char out[static TORI_PATH_MAX])
{
    int n = snprintf(out, TORI_PATH_MAX, "%s/%.*s", dir->path, TORI_STR_ARG(name));
    if (n < 0 || n >= TORI_PATH_MAX - 8)
        return TORI_FAIL(cx, FILE_FAILED, tori_word("step", "name"));
    return TORI_OK;
}

static struct tori_result tile_file(struct tori_ctx *cx, const struct tori_log_dir *dir,
                                    const struct tori_tile *tile, char out[static TORI_PATH_MAX])
{
    uint8_t room[TORI_TILE_PATH_MAX];
    struct tori_buf name = {.at = room, .room = sizeof(room), .cap = sizeof(room)};

    tori_tile_path(&name, tile);
    TORI_TRY(tori_buf_done(cx, &name));
    return join(cx, dir, tori_buf_text(&name), out);
}

/* The first `width` hashes or entries of a full tile. */
static struct tori_result cut(struct tori_ctx *cx, const struct tori_tile *tile,
                              struct tori_bytes full, struct tori_bytes *out)
{
    size_t len = (size_t)tile->width * sizeof(struct tori_hash);

    if (tile->entries) {
        struct tori_bundle bundle;
        TORI_TRY(tori_bundle_read(cx, full, TORI_TILE_WIDTH, &bundle));
        const struct tori_bytes *last = &bundle.entry[tile->width - 1];
        len = (size_t)(last->at - full.at) + last->len;
    }
    if (full.len < len)
        return TORI_FAIL(cx, LOG_DIFFERS, tori_u64("tile", tile->index),
                         tori_u64("bytes", full.len));
    *out = (struct tori_bytes){full.at, len};
    return TORI_OK;
}

struct tori_result tori_log_dir_read(struct tori_ctx *cx, void *owner, const struct tori_tile *tile,
                                     struct tori_bytes *out)
{
    const struct tori_log_dir *dir = owner;
    size_t cap = tile->entries ? TORI_BUNDLE_MAX : TORI_TILE_WIDTH * sizeof(struct tori_hash);
    struct tori_tile full = *tile;
    char path[TORI_PATH_MAX];

    TORI_TRY(tile_file(cx, dir, tile, path));
    struct tori_result result = tori_file_read(cx, path, cap, out);
    if (result.err != TORI_ERR_NOT_FOUND || tile->width == TORI_TILE_WIDTH)
        return result;
    full.width = TORI_TILE_WIDTH;
    struct tori_bytes content;
    TORI_TRY(tile_file(cx, dir, &full, path));
    TORI_TRY(tori_file_read(cx, path, cap, &content));
    return cut(cx, tile, content, out);
}

static void remove_partials(const char *full)
{
    char folder[TORI_PATH_MAX], path[TORI_PATH_MAX];

    int len = snprintf(folder, sizeof(folder), "%s.p", full);
    if (len < 0 || (size_t)len >= sizeof(folder))
        return;
    DIR *partials = opendir(folder);
    if (partials == NULL)
        return;
    for (struct dirent *d = readdir(partials); d != NULL; d = readdir(partials)) {
        int n = snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
        if (d->d_name[0] != '.' && n > 0 && (size_t)n < sizeof(path))
            unlink(path);
    }
    closedir(partials);
    rmdir(folder);
}

struct tori_result tori_log_dir_put(struct tori_ctx *cx, void *owner, const struct tori_tile *tile,
                                    struct tori_bytes content)
{
    const struct tori_log_dir *dir = owner;
    char path[TORI_PATH_MAX];

    TORI_TRY(tile_file(cx, dir, tile, path));
    TORI_TRY(tori_file_folders(cx, path, 0755));
    if (dir->batch != NULL)
        return tori_file_batch_put(cx, dir->batch, path, content);
    return tori_file_write(cx, path, content, 0644);
}

struct tori_result tori_log_dir_commit(struct tori_ctx *cx, struct tori_log_dir *dir)
{
    return dir->batch == NULL ? TORI_OK : tori_file_batch_commit(cx, dir->batch);
}

void tori_log_dir_tidy(struct tori_ctx *cx, const struct tori_log_dir *dir, uint64_t from,
                       uint64_t to)
{
    char path[TORI_PATH_MAX];

    /* Only the first tile that became full on each level can have been partial before. */
    for (unsigned level = 0; level < TORI_TILE_LEVELS; level++) {
        struct tori_tile tile = {.level = level,
                                 .index = (from >> (8 * level)) / TORI_TILE_WIDTH,
                                 .width = TORI_TILE_WIDTH};
        if (tori_tile_width(to, level, tile.index) < TORI_TILE_WIDTH)
            continue;
        if (!TORI_FAILED(tile_file(cx, dir, &tile, path)))
            remove_partials(path);
        tile.entries = level == 0;
        if (tile.entries && !TORI_FAILED(tile_file(cx, dir, &tile, path)))
            remove_partials(path);
    }
}

struct tori_result tori_log_dir_note(struct tori_ctx *cx, const struct tori_log_dir *dir,
                                     const char *name, struct tori_str *out)
{
    char path[TORI_PATH_MAX];
    struct tori_bytes text;

    TORI_TRY(join(cx, dir, tori_str_z(name), path));
    TORI_TRY(tori_file_read(cx, path, TORI_NOTE_MAX, &text));
    *out = tori_bytes_str(text);
    return TORI_OK;
}

struct tori_result tori_log_dir_note_put(struct tori_ctx *cx, const struct tori_log_dir *dir,
                                         const char *name, struct tori_str text)
{
    char path[TORI_PATH_MAX];

    TORI_TRY(join(cx, dir, tori_str_z(name), path));
    TORI_TRY(tori_file_folders(cx, path, 0755));
    return tori_file_write(cx, path, tori_str_bytes(text), 0644);
}

struct tori_result tori_log_dir_view(struct tori_ctx *cx, struct tori_log_dir *dir,
                                     struct tori_log_view *out)
{
    struct tori_str vkey;
    struct tori_note_key key;
    struct tori_opened opened;

    TORI_TRY(tori_log_dir_note(cx, dir, "vkey", &vkey));
    TORI_TRY(tori_vkey_read(cx, vkey, &key));
    TORI_TRY(tori_log_dir_note(cx, dir, "checkpoint", &out->note));
    TORI_TRY(tori_checkpoint_open(cx, out->note, &key, &opened));
    out->checkpoint = opened.checkpoint;
    out->tree = (struct tori_tree){opened.checkpoint.head.size, tori_log_dir_read, dir};
    return TORI_OK;
}

struct tori_result tori_log_dir_prove(struct tori_ctx *cx, const char *path, uint64_t seq,
                                      struct tori_str *text)
{
    struct tori_log_dir dir = {.path = path};
    struct tori_log_view view;
    struct tori_proof proof;
    struct tori_buf buf = tori_buf_new(cx->arena, TORI_NOTE_MAX + 8192);

    TORI_TRY(tori_log_dir_view(cx, &dir, &view));
    TORI_TRY(tori_prove_inclusion(cx, &view.tree, seq, &proof));
    tori_proof_put(&buf, &(struct tori_proof_text){seq, &proof, view.note});
    TORI_TRY(tori_buf_done(cx, &buf));
    *text = tori_buf_text(&buf);
    return TORI_OK;
}

struct tori_result tori_log_dir_show(struct tori_ctx *cx, const char *path, uint64_t seq,
                                     struct tori_bytes *entry)
{
    struct tori_log_dir dir = {.path = path};
    struct tori_log_view view;
    struct tori_proof proof;
    struct tori_bundle bundle;
    struct tori_bytes content;
    struct tori_tile tile = {.entries = true, .index = seq / TORI_TILE_WIDTH};

    TORI_TRY(tori_log_dir_view(cx, &dir, &view));
    TORI_TRY(tori_prove_inclusion(cx, &view.tree, seq, &proof));
    tile.width = tori_tile_width(view.tree.size, 0, tile.index);
    TORI_TRY(tori_log_dir_read(cx, &dir, &tile, &content));
    TORI_TRY(tori_bundle_read(cx, content, tile.width, &bundle));
    struct tori_bytes found = bundle.entry[seq % TORI_TILE_WIDTH];
    struct tori_hash leaf = tori_leaf_hash(found);
    if (!tori_inclusion_holds(&view.checkpoint.head, seq, &leaf, &proof))
        return TORI_FAIL(cx, LOG_DIFFERS, tori_u64("entry", seq));
    *entry = found;
    return TORI_OK;
}
