/* Bytes of a customer at rest: AES-256-GCM under his data key, bound to the place they lie in, so
 * that a row moved to another customer, row or column does not open. A sealed value says which
 * algorithm and key made it: algorithm (1) || key id (4) || nonce (12) || ciphertext || tag (16).
 * Erasure destroys the data key. */
#ifndef TORI_DOMAIN_EVIDENCE_SEAL_H
#define TORI_DOMAIN_EVIDENCE_SEAL_H

#include "base/aead.h"
#include "base/ctx.h"

enum { TORI_SEAL_AES256GCM = 1, TORI_SEAL_HEAD = 1 + 4 + TORI_AEAD_NONCE };

struct tori_sealing {
    const struct tori_key32 *key;
    const uint8_t *nonce; /* TORI_AEAD_NONCE random bytes; NULL: drawn from cx->random */
    const struct tori_id *owner;
    struct tori_bytes row;  /* what tells this row from the owner's others: its key */
    struct tori_str column; /* "evidence_body.sealed_body" */
};

/* Both in the request's arena. tori_unseal: STORE_DATA for another key, place or byte. */
TORI_RESULT tori_seal(struct tori_ctx *cx, const struct tori_sealing *sealing,
                      struct tori_bytes plain, struct tori_bytes *sealed);
TORI_RESULT tori_unseal(struct tori_ctx *cx, const struct tori_sealing *sealing,
                        struct tori_bytes sealed, struct tori_bytes *plain);

/* The id a data key goes by: the first bytes of a hash of it, so no table has to keep it. */
struct tori_key_id {
    uint8_t at[4];
};
struct tori_key_id tori_key_id(const struct tori_key32 *key);

#endif
