/* Every file under tile/ has a tile's name, and an older partial tile is the beginning of what took
 * its place. A reader may have been given it, so it counts as published. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "service/log_check_int.h"

/* tile/entries/x001/x234/567.p/8 is the deepest. */
enum { DEPTH = 12 };

/* "checkpoint.new" and the like: what a crash left of a write that nobody has seen. */
static bool is_unfinished(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && tori_str_eq((struct tori_str){name + n - 4, 4}, TORI_STR(".new"));
}

static struct tori_result under(struct tori_check *check, const char *name,
                                char out[static TORI_PATH_MAX])
{
    int n = snprintf(out, TORI_PATH_MAX, "%s/%s", check->dir->path, name);
    if (n < 0 || n >= TORI_PATH_MAX)
        return TORI_FAIL(check->cx, FILE_FAILED, tori_word("step", "name"));
    return TORI_OK;
}

static struct tori_result stray(struct tori_check *check, const char *name)
{
    struct tori_result result = tori_log_fault_at(check, TORI_LOG_FILE_STRAY, NULL, 0);

    snprintf(check->report->file, sizeof(check->report->file), "%s", name);
    return result;
}

static struct tori_result check_older(struct tori_check *check, const struct tori_tile *tile,
                                      const char *name, unsigned width)
{
    char path[TORI_PATH_MAX];
    struct tori_tile newer = *tile;
    struct tori_bytes now, then;

    newer.width = width;
    TORI_TRY(tori_check_tile(check, &newer, &now));
    TORI_TRY(under(check, name, path));
    TORI_TRY(tori_file_read(check->cx, path, TORI_BUNDLE_MAX, &then));
    bool whole = tile->entries || then.len == tile->width * sizeof(struct tori_hash);
    if (!whole || then.len > now.len || !tori_bytes_eq(then, (struct tori_bytes){now.at, then.len}))
        return stray(check, name);
    if (tile->entries) {
        struct tori_bundle bundle;
        if (TORI_FAILED(tori_bundle_read(check->cx, then, tile->width, &bundle)))
            return stray(check, name);
    }
    return TORI_OK;
}

/* `name` begins with "tile/". */
static struct tori_result check_file(struct tori_check *check, const char *name)
{
    struct tori_tile tile;

    if (is_unfinished(name))
        return TORI_OK;
    if (!tori_tile_parse(tori_str_z(name), &tile))
        return stray(check, name);
    unsigned width = tori_tile_width(check->report->head.size, tile.level, tile.index);
    /* Wider than the checkpoint: written before a checkpoint that a crash prevented. */
    if (tile.width >= width)
        return TORI_OK;
    tori_arena_reset(check->cx->arena);
    return check_older(check, &tile, name, width);
}

static struct tori_result check_below(struct tori_check *check, const char *name, int depth);

static struct tori_result check_one(struct tori_check *check, const char *name, int depth)
{
    char path[TORI_PATH_MAX];
    struct stat st;

    TORI_TRY(under(check, name, path));
    if (lstat(path, &st) != 0)
        return TORI_FAIL(check->cx, FILE_FAILED, tori_word("step", "stat"));
    if (S_ISDIR(st.st_mode) && depth < DEPTH)
        return check_below(check, name, depth + 1);
    return S_ISREG(st.st_mode) ? check_file(check, name) : stray(check, name);
}

static struct tori_result check_entries(struct tori_check *check, DIR *folder, const char *name,
                                        int depth)
{
    char below[TORI_PATH_MAX];

    for (struct dirent *d = readdir(folder); d != NULL; d = readdir(folder)) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        int n = snprintf(below, sizeof(below), "%s/%s", name, d->d_name);
        if (n < 0 || (size_t)n >= sizeof(below))
            return stray(check, name);
        TORI_TRY(check_one(check, below, depth));
    }
    return TORI_OK;
}

static struct tori_result check_below(struct tori_check *check, const char *name, int depth)
{
    char path[TORI_PATH_MAX];

    TORI_TRY(under(check, name, path));
    DIR *folder = opendir(path);
    if (folder == NULL)
        return TORI_FAIL(check->cx, FILE_FAILED, tori_word("step", "open"));
    struct tori_result result = check_entries(check, folder, name, depth);
    closedir(folder);
    return result;
}

struct tori_result tori_check_folder(struct tori_check *check)
{
    char path[TORI_PATH_MAX];
    struct stat st;

    TORI_TRY(under(check, "tile", path));
    if (check->report->head.size == 0 && stat(path, &st) != 0)
        return TORI_OK;
    return check_below(check, "tile", 0);
}
