#include "domain/evidence/builder.h"

#include <string.h>

/* The right edge of one level of tiles. */
struct edge {
    uint64_t tile; /* index of the tile that grows */
    unsigned width;
    unsigned flushed; /* its width when it was last put */
    struct tori_hash hash[TORI_TILE_WIDTH];
};

struct tori_builder {
    tori_tile_put_fn *put;
    void *owner;
    uint64_t size;
    struct edge edge[TORI_TILE_LEVELS];
    uint8_t *bundle; /* the entries of edge[0], each after its length */
    size_t bundle_len;
    size_t bundle_room;
};

struct tori_result tori_builder_new(struct tori_ctx *cx, tori_tile_put_fn *put, void *owner,
                                    struct tori_builder **out)
{
    struct tori_builder *builder = tori_heap_take(sizeof(*builder));
    if (builder == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    builder->put = put;
    builder->owner = owner;
    *out = builder;
    return TORI_OK;
}

void tori_builder_free(struct tori_builder *builder)
{
    if (builder == NULL)
        return;
    tori_heap_free(builder->bundle);
    tori_heap_free(builder);
}

static struct tori_result bundle_add(struct tori_ctx *cx, struct tori_builder *builder,
                                     struct tori_bytes entry)
{
    if (entry.len > TORI_ENTRY_MAX)
        return TORI_FAIL(cx, TOO_LARGE, tori_u64("entry", entry.len));
    size_t need = builder->bundle_len + 2 + entry.len;
    if (need > builder->bundle_room) {
        size_t room = need * 2;
        uint8_t *bigger = tori_heap_grow(builder->bundle, room);
        if (bigger == NULL)
            return TORI_FAIL(cx, NO_MEMORY);
        builder->bundle = bigger;
        builder->bundle_room = room;
    }
    uint8_t *to = builder->bundle + builder->bundle_len;
    to[0] = (uint8_t)(entry.len >> 8);
    to[1] = (uint8_t)entry.len;
    if (entry.len > 0)
        memcpy(to + 2, entry.at, entry.len);
    builder->bundle_len = need;
    return TORI_OK;
}

static struct tori_result put_tile(struct tori_ctx *cx, struct tori_builder *builder,
                                   unsigned level)
{
    struct edge *edge = &builder->edge[level];
    struct tori_tile tile = {.level = level, .index = edge->tile, .width = edge->width};

    if (level == 0) {
        struct tori_tile bundle = {.entries = true, .index = edge->tile, .width = edge->width};
        TORI_TRY(builder->put(cx, builder->owner, &bundle,
                              (struct tori_bytes){builder->bundle, builder->bundle_len}));
    }
    TORI_TRY(
        builder->put(cx, builder->owner, &tile,
                     (struct tori_bytes){edge->hash[0].at, edge->width * sizeof(edge->hash[0])}));
    edge->flushed = edge->width;
    return TORI_OK;
}

struct tori_result tori_builder_append(struct tori_ctx *cx, struct tori_builder *builder,
                                       struct tori_bytes entry, const struct tori_hash *leaf)
{
    struct tori_hash carry = *leaf;

    TORI_TRY(bundle_add(cx, builder, entry));
    for (unsigned level = 0; level < TORI_TILE_LEVELS; level++) {
        struct edge *edge = &builder->edge[level];
        edge->hash[edge->width++] = carry;
        if (edge->width < TORI_TILE_WIDTH)
            break;
        TORI_TRY(put_tile(cx, builder, level));
        if (level == 0)
            builder->bundle_len = 0;
        carry = tori_nodes_root(edge->hash, TORI_TILE_WIDTH);
        edge->tile++;
        edge->width = edge->flushed = 0;
    }
    builder->size++;
    return TORI_OK;
}

struct tori_result tori_builder_flush(struct tori_ctx *cx, struct tori_builder *builder)
{
    for (unsigned level = 0; level < TORI_TILE_LEVELS; level++)
        if (builder->edge[level].width != builder->edge[level].flushed)
            TORI_TRY(put_tile(cx, builder, level));
    return TORI_OK;
}

/* Each edge holds the complete subtrees of eight bits of size; the frontier puts them in a row. */
struct tori_tree_head tori_builder_head(const struct tori_builder *builder)
{
    struct tori_frontier frontier = {.size = builder->size};

    for (unsigned level = 0; level < TORI_TILE_LEVELS; level++) {
        const struct edge *edge = &builder->edge[level];
        for (unsigned bit = 0; bit < 8; bit++) {
            size_t n = (size_t)1 << bit, from = edge->width & ~(2 * n - 1);
            if ((edge->width & n) != 0)
                frontier.node[8 * level + bit] = tori_nodes_root(&edge->hash[from], n);
        }
    }
    return (struct tori_tree_head){builder->size, tori_frontier_root(&frontier)};
}

static struct tori_result load_edge(struct tori_ctx *cx, struct tori_builder *builder,
                                    const struct tori_tree *tree, unsigned level)
{
    struct edge *edge = &builder->edge[level];
    uint64_t hashes = tree->size >> (8 * level);
    struct tori_tile tile = {.level = level,
                             .index = hashes / TORI_TILE_WIDTH,
                             .width = (unsigned)(hashes % TORI_TILE_WIDTH)};
    struct tori_bytes content;

    edge->tile = tile.index;
    edge->width = edge->flushed = tile.width;
    if (tile.width == 0)
        return TORI_OK;
    TORI_TRY(tree->read(cx, tree->owner, &tile, &content));
    if (content.len != tile.width * sizeof(edge->hash[0]))
        return TORI_FAIL(cx, LOG_DIFFERS, tori_u64("tile_level", level),
                         tori_u64("tile", tile.index), tori_u64("bytes", content.len));
    memcpy(edge->hash, content.at, content.len);
    return TORI_OK;
}

static struct tori_result load_bundle(struct tori_ctx *cx, struct tori_builder *builder,
                                      const struct tori_tree *tree)
{
    const struct edge *edge = &builder->edge[0];
    struct tori_tile tile = {.entries = true, .index = edge->tile, .width = edge->width};
    struct tori_bytes content;
    struct tori_bundle bundle;

    builder->bundle_len = 0;
    if (tile.width == 0)
        return TORI_OK;
    TORI_TRY(tree->read(cx, tree->owner, &tile, &content));
    TORI_TRY(tori_bundle_read(cx, content, tile.width, &bundle));
    for (unsigned i = 0; i < bundle.width; i++) {
        struct tori_hash leaf = tori_leaf_hash(bundle.entry[i]);
        if (!tori_hash_eq(&leaf, &edge->hash[i]))
            return TORI_FAIL(cx, LOG_DIFFERS, tori_u64("entry", edge->tile * TORI_TILE_WIDTH + i));
        TORI_TRY(bundle_add(cx, builder, bundle.entry[i]));
    }
    return TORI_OK;
}

struct tori_result tori_builder_load(struct tori_ctx *cx, struct tori_builder *builder,
                                     const struct tori_tree *tree)
{
    for (unsigned level = 0; level < TORI_TILE_LEVELS; level++)
        TORI_TRY(load_edge(cx, builder, tree, level));
    TORI_TRY(load_bundle(cx, builder, tree));
    builder->size = tree->size;
    return TORI_OK;
}
