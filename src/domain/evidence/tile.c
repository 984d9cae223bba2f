#include "domain/evidence/tile.h"

#include <string.h>

/* C2SP tlog-tiles "Merkle tree": groups of three digits, all but the last marked with x. */
static void put_index(struct tori_buf *buf, uint64_t index)
{
    uint64_t unit = 1;

    while (index / unit >= 1000)
        unit *= 1000;
    for (; unit > 1; unit /= 1000)
        tori_buf_printf(buf, "x%03u/", (unsigned)(index / unit % 1000));
    tori_buf_printf(buf, "%03u", (unsigned)(index % 1000));
}

void tori_tile_path(struct tori_buf *buf, const struct tori_tile *tile)
{
    if (tile->entries)
        tori_buf_z(buf, "tile/entries/");
    else
        tori_buf_printf(buf, "tile/%u/", tile->level);
    put_index(buf, tile->index);
    if (tile->width < TORI_TILE_WIDTH)
        tori_buf_printf(buf, ".p/%u", tile->width);
}

/* What is left of a path while it is read. */
struct path {
    struct tori_str rest;
};

static bool take_word(struct path *path, struct tori_str word)
{
    if (!tori_str_starts(path->rest, word))
        return false;
    path->rest.at += word.len;
    path->rest.len -= word.len;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number of 1 to 3 digits, as they stand. */
static size_t take_digits(struct path *path, unsigned *out)
{
    size_t n = 0;

    *out = 0;
    while (n < 3 && n < path->rest.len && is_digit(path->rest.at[n]))
        *out = *out * 10 + (unsigned)(path->rest.at[n++] - '0');
    path->rest.at += n;
    path->rest.len -= n;
    return n;
}

static bool take_index(struct path *path, uint64_t *out)
{
    unsigned group;

    *out = 0;
    /* Seven groups would be more than 2^63 / 256 tiles hold. */
    for (unsigned groups = 0; groups < 6; groups++) {
        bool last = !take_word(path, TORI_STR("x"));
        if (take_digits(path, &group) != 3)
            return false;
        *out = *out * 1000 + group;
        if (last)
            return true;
        if (!take_word(path, TORI_STR("/")))
            return false;
    }
    return false;
}

/* Prints what was understood and compares: leading zeros and empty groups need no rule of their
 * own. */
static bool prints_back(const struct tori_tile *tile, struct tori_str path)
{
    struct tori_arena *none = NULL;
    uint8_t room[TORI_TILE_PATH_MAX];
    struct tori_buf buf = {.arena = none, .at = room, .room = sizeof(room), .cap = sizeof(room)};

    tori_tile_path(&buf, tile);
    return !buf.over && tori_str_eq(tori_buf_text(&buf), path);
}

bool tori_tile_parse(struct tori_str path, struct tori_tile *out)
{
    struct path p = {path};
    struct tori_tile tile = {.width = TORI_TILE_WIDTH};

    if (!take_word(&p, TORI_STR("tile/")))
        return false;
    tile.entries = take_word(&p, TORI_STR("entries/"));
    if (!tile.entries && (take_digits(&p, &tile.level) == 0 || tile.level >= TORI_TILE_LEVELS ||
                          !take_word(&p, TORI_STR("/"))))
        return false;
    if (!take_index(&p, &tile.index))
        return false;
    if (take_word(&p, TORI_STR(".p/")) &&
        (take_digits(&p, &tile.width) == 0 || tile.width == 0 || tile.width >= TORI_TILE_WIDTH))
        return false;
    if (p.rest.len != 0 || !prints_back(&tile, path))
        return false;
    *out = tile;
    return true;
}

unsigned tori_tile_width(uint64_t size, unsigned level, uint64_t index)
{
    uint64_t hashes = size >> (8 * level);

    if (index > hashes / TORI_TILE_WIDTH)
        return 0;
    uint64_t left = hashes - index * TORI_TILE_WIDTH;
    return left < TORI_TILE_WIDTH ? (unsigned)left : TORI_TILE_WIDTH;
}

struct tori_result tori_tree_node(struct tori_ctx *cx, const struct tori_tree *tree, unsigned level,
                                  uint64_t index, struct tori_hash *out)
{
    unsigned below = level % 8; /* levels between the tile's own hashes and the node */
    uint64_t first = index << below;
    struct tori_tile tile = {.level = level / 8, .index = first / TORI_TILE_WIDTH};
    struct tori_bytes content;
    struct tori_hash node[TORI_TILE_WIDTH / 2];

    tile.width = tori_tile_width(tree->size, tile.level, tile.index);
    size_t from = first % TORI_TILE_WIDTH, n = (size_t)1 << below;
    if (from + n > tile.width)
        return TORI_FAIL(cx, LOG_DIFFERS, tori_u64("level", level), tori_u64("index", index));
    TORI_TRY(tree->read(cx, tree->owner, &tile, &content));
    if (content.len != tile.width * sizeof(node[0]))
        return TORI_FAIL(cx, LOG_DIFFERS, tori_u64("tile_level", tile.level),
                         tori_u64("tile", tile.index), tori_u64("bytes", content.len));
    memcpy(node, content.at + from * sizeof(node[0]), n * sizeof(node[0]));
    *out = tori_nodes_root(node, n);
    return TORI_OK;
}

struct tori_result tori_tree_frontier(struct tori_ctx *cx, const struct tori_tree *tree,
                                      struct tori_frontier *out)
{
    struct tori_frontier frontier = {.size = tree->size};

    for (unsigned level = 0; level < TORI_TREE_LEVELS; level++) {
        if ((tree->size >> level & 1) == 0)
            continue;
        uint64_t index = (tree->size >> level) - 1;
        TORI_TRY(tori_tree_node(cx, tree, level, index, &frontier.node[level]));
    }
    *out = frontier;
    return TORI_OK;
}

struct tori_result tori_tree_root(struct tori_ctx *cx, const struct tori_tree *tree,
                                  struct tori_hash *out)
{
    struct tori_frontier frontier;

    TORI_TRY(tori_tree_frontier(cx, tree, &frontier));
    *out = tori_frontier_root(&frontier);
    return TORI_OK;
}

struct tori_result tori_bundle_read(struct tori_ctx *cx, struct tori_bytes content, unsigned width,
                                    struct tori_bundle *out)
{
    struct tori_bytes rest = content;

    for (unsigned i = 0; i < width; i++) {
        if (rest.len < 2)
            return TORI_FAIL(cx, LOG_DIFFERS, tori_u64("nth", i));
        size_t len = (size_t)(rest.at[0] << 8 | rest.at[1]);
        if (rest.len - 2 < len)
            return TORI_FAIL(cx, LOG_DIFFERS, tori_u64("nth", i));
        out->entry[i] = (struct tori_bytes){rest.at + 2, len};
        rest.at += 2 + len;
        rest.len -= 2 + len;
    }
    if (rest.len != 0)
        return TORI_FAIL(cx, LOG_DIFFERS, tori_u64("trailing", rest.len));
    out->width = width;
    return TORI_OK;
}
