#include "domain/evidence/merkle.h"

#include <assert.h>

/* RFC 6962 §2.1: the first byte keeps a leaf from being taken for a node. */
static const uint8_t leaf_prefix[1] = {0x00};
static const uint8_t node_prefix[1] = {0x01};

struct tori_hash tori_leaf_hash(struct tori_bytes entry)
{
    return tori_sha256_parts((const struct tori_bytes[]){TORI_BYTES_OF(leaf_prefix), entry}, 2);
}

struct tori_hash tori_node_hash(const struct tori_hash *left, const struct tori_hash *right)
{
    return tori_sha256_parts((const struct tori_bytes[]){TORI_BYTES_OF(node_prefix),
                                                         tori_hash_bytes(left),
                                                         tori_hash_bytes(right)},
                             3);
}

/* Adding one to a binary number: each carry joins two complete subtrees of the same size. */
void tori_frontier_append(struct tori_frontier *frontier, const struct tori_hash *leaf)
{
    struct tori_hash carry = *leaf;
    unsigned level = 0;

    assert(frontier->size < UINT64_MAX);
    for (uint64_t rest = frontier->size; rest & 1; rest >>= 1, level++)
        carry = tori_node_hash(&frontier->node[level], &carry);
    frontier->node[level] = carry;
    frontier->size++;
}

struct tori_hash tori_frontier_root(const struct tori_frontier *frontier)
{
    struct tori_hash root;
    bool begun = false;

    if (frontier->size == 0)
        return tori_sha256((struct tori_bytes){NULL, 0});
    for (unsigned level = 0; level < TORI_TREE_LEVELS; level++) {
        if ((frontier->size >> level & 1) == 0)
            continue;
        root = begun ? tori_node_hash(&frontier->node[level], &root) : frontier->node[level];
        begun = true;
    }
    return root;
}

struct tori_hash tori_nodes_root(const struct tori_hash *node, size_t n)
{
    struct tori_frontier frontier;

    frontier.size = 0;
    for (size_t i = 0; i < n; i++)
        tori_frontier_append(&frontier, &node[i]);
    return tori_frontier_root(&frontier);
}

/* RFC 9162 §2.1.3.2 */
bool tori_inclusion_holds(const struct tori_tree_head *head, uint64_t index,
                          const struct tori_hash *leaf, const struct tori_proof *proof)
{
    uint64_t fn = index, sn = head->size - 1;
    struct tori_hash r = *leaf;

    if (index >= head->size)
        return false;
    for (size_t i = 0; i < proof->count; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) == 0 && fn != sn) {
            r = tori_node_hash(&r, &proof->node[i]);
            fn >>= 1;
            sn >>= 1;
            continue;
        }
        r = tori_node_hash(&proof->node[i], &r);
        for (; fn != 0 && (fn & 1) == 0; sn >>= 1)
            fn >>= 1;
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && tori_hash_eq(&r, &head->root);
}

/* Both roots climb together; the older one stops taking part where the newer tree grew past it. */
struct climb {
    uint64_t fn, sn;
    struct tori_hash older, newer;
};

static bool climb(struct climb *c, const struct tori_hash *node)
{
    if (c->sn == 0)
        return false;
    if ((c->fn & 1) == 0 && c->fn != c->sn) {
        c->newer = tori_node_hash(&c->newer, node);
        c->fn >>= 1;
        c->sn >>= 1;
        return true;
    }
    c->older = tori_node_hash(node, &c->older);
    c->newer = tori_node_hash(node, &c->newer);
    for (; c->fn != 0 && (c->fn & 1) == 0; c->sn >>= 1)
        c->fn >>= 1;
    c->fn >>= 1;
    c->sn >>= 1;
    return true;
}

/* RFC 9162 §2.1.4.2 */
bool tori_consistency_holds(const struct tori_tree_head *older, const struct tori_tree_head *newer,
                            const struct tori_proof *proof)
{
    struct climb c = {.fn = older->size - 1, .sn = newer->size - 1};
    size_t at = 0;

    if (older->size == 0 || older->size > newer->size)
        return false;
    if (older->size == newer->size)
        return proof->count == 0 && tori_hash_eq(&older->root, &newer->root);
    for (; (c.fn & 1) == 1; c.sn >>= 1)
        c.fn >>= 1;
    /* A complete older tree is itself the first node and is not repeated in the proof. */
    bool complete = (older->size & (older->size - 1)) == 0;
    if (!complete && proof->count == 0)
        return false;
    c.older = c.newer = complete ? older->root : proof->node[at++];
    for (; at < proof->count; at++)
        if (!climb(&c, &proof->node[at]))
            return false;
    return c.sn == 0 && tori_hash_eq(&c.older, &older->root) &&
           tori_hash_eq(&c.newer, &newer->root);
}
