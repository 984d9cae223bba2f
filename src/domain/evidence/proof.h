/* Proofs of the log, made from tiles: inclusion and consistency (RFC 6962 §2.1.1 and §2.1.2), and
 * the text that a customer or an auditor gets (C2SP tlog-proof). */
#ifndef TORI_DOMAIN_EVIDENCE_PROOF_H
#define TORI_DOMAIN_EVIDENCE_PROOF_H

#include "domain/evidence/tile.h"

/* NOT_SEALED_YET for an index the tree does not hold. */
TORI_RESULT tori_prove_inclusion(struct tori_ctx *cx, const struct tori_tree *tree, uint64_t index,
                                 struct tori_proof *out);
/* From `older` leaves, 0 < older ≤ tree->size; NOT_FOUND otherwise. */
TORI_RESULT tori_prove_consistency(struct tori_ctx *cx, const struct tori_tree *tree,
                                   uint64_t older, struct tori_proof *out);

/* "c2sp.org/tlog-proof@v1", index, hashes, an empty line, the checkpoint as it is signed. */
struct tori_proof_text {
    uint64_t index;
    const struct tori_proof *proof;
    struct tori_str checkpoint;
};
void tori_proof_put(struct tori_buf *buf, const struct tori_proof_text *text);

#endif
