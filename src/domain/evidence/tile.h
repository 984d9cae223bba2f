/* Tiles of the log (C2SP tlog-tiles): 256 hashes of one level, or 256 entries, a file each. A tile
 * that is not full yet is a partial tile, named after its width. */
#ifndef TORI_DOMAIN_EVIDENCE_TILE_H
#define TORI_DOMAIN_EVIDENCE_TILE_H

#include "base/buf.h"
#include "base/ctx.h"
#include "domain/evidence/merkle.h"

enum {
    TORI_TILE_WIDTH = 256,
    TORI_TILE_LEVELS = 8, /* 256^8 leaves */
    TORI_TILE_PATH_MAX = 64,
    TORI_ENTRY_MAX = 65535,
    TORI_BUNDLE_MAX = TORI_TILE_WIDTH * (TORI_ENTRY_MAX + 2),
};

struct tori_tile {
    bool entries;   /* a bundle of entries; level is 0 then */
    unsigned level; /* below TORI_TILE_LEVELS */
    uint64_t index;
    unsigned width; /* 1 … TORI_TILE_WIDTH */
};

/* "tile/0/x001/234", "tile/entries/067.p/3". */
void tori_tile_path(struct tori_buf *buf, const struct tori_tile *tile);
/* The reverse; false for anything tori_tile_path would not write. */
bool tori_tile_parse(struct tori_str path, struct tori_tile *out);

/* How many hashes (or entries) a tile holds in a log of `size` leaves; 0: it does not exist. */
unsigned tori_tile_width(uint64_t size, unsigned level, uint64_t index);

/* Whoever reads tiles for us: exactly 32 × width bytes of hashes, or the whole bundle, in the
 * request's arena. NOT_FOUND when there is none. */
typedef struct tori_result tori_tile_read_fn(struct tori_ctx *cx, void *owner,
                                             const struct tori_tile *tile, struct tori_bytes *out);
/* Whoever takes tiles from us; `content` lives for the call. */
typedef struct tori_result tori_tile_put_fn(struct tori_ctx *cx, void *owner,
                                            const struct tori_tile *tile,
                                            struct tori_bytes content);

/* A log as its tiles show it. */
struct tori_tree {
    uint64_t size;
    tori_tile_read_fn *read;
    void *owner;
};

/* The hash of the complete subtree `index` of 2^level leaves. LOG_DIFFERS when a tile has another
 * length than its width. */
TORI_RESULT tori_tree_node(struct tori_ctx *cx, const struct tori_tree *tree, unsigned level,
                           uint64_t index, struct tori_hash *out);
/* The root over all leaves, from the tiles' right edge. */
TORI_RESULT tori_tree_root(struct tori_ctx *cx, const struct tori_tree *tree,
                           struct tori_hash *out);
TORI_RESULT tori_tree_frontier(struct tori_ctx *cx, const struct tori_tree *tree,
                               struct tori_frontier *out);

/* Entry `nth` of a bundle: each is a 16-bit length and its bytes. LOG_DIFFERS when the bundle does
 * not hold exactly `width` entries. */
struct tori_bundle {
    unsigned width;
    struct tori_bytes entry[TORI_TILE_WIDTH];
};
TORI_RESULT tori_bundle_read(struct tori_ctx *cx, struct tori_bytes content, unsigned width,
                             struct tori_bundle *out);

#endif
