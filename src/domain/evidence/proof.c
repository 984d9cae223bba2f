#include "domain/evidence/proof.h"

#include <assert.h>

/* Leaves [from, to) of a tree. */
struct span {
    uint64_t from;
    uint64_t to;
};

/* RFC 6962 §2.1: k, the largest power of two smaller than n; n > 1. */
static uint64_t split(struct span s)
{
    uint64_t k = 1;

    while (k * 2 < s.to - s.from)
        k *= 2;
    return k;
}

/* The root over a span that begins at a multiple of its largest power of two, as every part of a
 * proof does: the complete subtrees of its length's bits, joined from the small end. */
static struct tori_result span_root(struct tori_ctx *cx, const struct tori_tree *tree,
                                    struct span s, struct tori_hash *out)
{
    struct tori_frontier frontier = {.size = s.to - s.from};

    for (unsigned level = 0; level < TORI_TREE_LEVELS; level++) {
        if ((frontier.size >> level & 1) == 0)
            continue;
        uint64_t rest = frontier.size & (((uint64_t)1 << level) - 1);
        uint64_t first = s.to - rest - ((uint64_t)1 << level);
        TORI_TRY(tori_tree_node(cx, tree, level, first >> level, &frontier.node[level]));
    }
    *out = tori_frontier_root(&frontier);
    return TORI_OK;
}

static struct tori_result add(struct tori_ctx *cx, const struct tori_tree *tree, struct span s,
                              struct tori_proof *proof)
{
    assert(proof->count < TORI_PROOF_MAX);
    TORI_TRY(span_root(cx, tree, s, &proof->node[proof->count]));
    proof->count++;
    return TORI_OK;
}

/* A proof takes many hashes from few tiles: the last ones read are kept for its length. */
enum { KEPT = 4 };
struct shelf {
    const struct tori_tree *tree;
    struct tori_tile tile[KEPT];
    struct tori_bytes content[KEPT];
    unsigned next;
};

static struct tori_result shelf_read(struct tori_ctx *cx, void *owner, const struct tori_tile *tile,
                                     struct tori_bytes *out)
{
    struct shelf *shelf = owner;

    for (unsigned i = 0; i < KEPT; i++) {
        const struct tori_tile *kept = &shelf->tile[i];
        if (kept->width == tile->width && kept->level == tile->level &&
            kept->index == tile->index) {
            *out = shelf->content[i];
            return TORI_OK;
        }
    }
    TORI_TRY(shelf->tree->read(cx, shelf->tree->owner, tile, out));
    shelf->tile[shelf->next] = *tile;
    shelf->content[shelf->next] = *out;
    shelf->next = (shelf->next + 1) % KEPT;
    return TORI_OK;
}

static struct tori_tree tree_over(struct shelf *shelf)
{
    return (struct tori_tree){shelf->tree->size, shelf_read, shelf};
}

/* Collected from the root down; a proof is read from the leaf up. */
static void reverse(struct tori_proof *proof)
{
    for (size_t i = 0; i < proof->count / 2; i++) {
        struct tori_hash swap = proof->node[i];
        proof->node[i] = proof->node[proof->count - 1 - i];
        proof->node[proof->count - 1 - i] = swap;
    }
}

/* RFC 6962 §2.1.1: PATH(m, D[n]) */
struct tori_result tori_prove_inclusion(struct tori_ctx *cx, const struct tori_tree *tree,
                                        uint64_t index, struct tori_proof *out)
{
    struct span s = {0, tree->size};
    struct shelf shelf = {.tree = tree};
    struct tori_tree kept = tree_over(&shelf);

    out->count = 0;
    if (index >= tree->size)
        return TORI_FAIL(cx, NOT_SEALED_YET, tori_u64("index", index),
                         tori_u64("size", tree->size));
    while (s.to - s.from > 1) {
        uint64_t middle = s.from + split(s);
        bool left = index < middle;
        TORI_TRY(add(cx, &kept, left ? (struct span){middle, s.to} : (struct span){s.from, middle},
                     out));
        s = left ? (struct span){s.from, middle} : (struct span){middle, s.to};
    }
    reverse(out);
    return TORI_OK;
}

/* RFC 6962 §2.1.2: SUBPROOF(m, D[n], b) */
struct tori_result tori_prove_consistency(struct tori_ctx *cx, const struct tori_tree *tree,
                                          uint64_t older, struct tori_proof *out)
{
    struct span s = {0, tree->size};
    bool whole = true; /* b: the subtree is the older tree itself, whose root is known */
    struct shelf shelf = {.tree = tree};
    struct tori_tree kept = tree_over(&shelf);

    out->count = 0;
    if (older == 0 || older > tree->size)
        return TORI_FAIL(cx, NOT_FOUND, tori_u64("older", older), tori_u64("size", tree->size));
    while (older < s.to) {
        uint64_t middle = s.from + split(s);
        bool left = older <= middle;
        TORI_TRY(add(cx, &kept, left ? (struct span){middle, s.to} : (struct span){s.from, middle},
                     out));
        whole = whole && left;
        s = left ? (struct span){s.from, middle} : (struct span){middle, s.to};
    }
    if (!whole)
        TORI_TRY(add(cx, &kept, s, out));
    reverse(out);
    return TORI_OK;
}

void tori_proof_put(struct tori_buf *buf, const struct tori_proof_text *text)
{
    tori_buf_printf(buf, "c2sp.org/tlog-proof@v1\nindex %llu\n", (unsigned long long)text->index);
    for (size_t i = 0; i < text->proof->count; i++) {
        tori_buf_b64(buf, tori_hash_bytes(&text->proof->node[i]));
        tori_buf_byte(buf, '\n');
    }
    tori_buf_byte(buf, '\n');
    tori_buf_str(buf, text->checkpoint);
}
