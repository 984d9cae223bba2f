/* The Merkle tree of RFC 6962 §2.1: leaf and node hashes, the frontier that is all one must
 * remember to go on, and the two checks of a verifier. Pure; no allocation. */
#ifndef TORI_DOMAIN_EVIDENCE_MERKLE_H
#define TORI_DOMAIN_EVIDENCE_MERKLE_H

#include "base/hash.h"

enum { TORI_TREE_LEVELS = 64, TORI_PROOF_MAX = 128 };

struct tori_hash tori_leaf_hash(struct tori_bytes entry);
struct tori_hash tori_node_hash(const struct tori_hash *left, const struct tori_hash *right);

/* node[l] is the root of the complete subtree of 2^l leaves that belongs to bit l of size, and
 * means nothing while that bit is clear. Zeroed, it is the empty tree. */
struct tori_frontier {
    uint64_t size;
    struct tori_hash node[TORI_TREE_LEVELS];
};

void tori_frontier_append(struct tori_frontier *frontier, const struct tori_hash *leaf);
struct tori_hash tori_frontier_root(const struct tori_frontier *frontier);

/* RFC 6962 §2.1: the root over `n` nodes of one level, n > 0. */
struct tori_hash tori_nodes_root(const struct tori_hash *node, size_t n);

struct tori_proof {
    struct tori_hash node[TORI_PROOF_MAX];
    size_t count;
};

struct tori_tree_head {
    uint64_t size;
    struct tori_hash root;
};

/* RFC 9162 §2.1.3.2 and §2.1.4.2, which verify the proofs of RFC 6962. */
bool tori_inclusion_holds(const struct tori_tree_head *head, uint64_t index,
                          const struct tori_hash *leaf, const struct tori_proof *proof);
bool tori_consistency_holds(const struct tori_tree_head *older, const struct tori_tree_head *newer,
                            const struct tori_proof *proof);

#endif
