/* Public keys of credentials (COSE_Key, RFC 9052 §7) and the signatures made with them. An
 * algorithm is a row of the table in verify.c. Which of them a relying party takes is its own list;
 * what is here is what can be verified at all. */
#ifndef TORI_CODEC_COSE_H
#define TORI_CODEC_COSE_H

#include "base/ctx.h"

/* IANA numbers of the algorithms that exist here. */
enum {
    TORI_COSE_ES256 = -7,
    TORI_COSE_EDDSA = -8, /* with Ed25519 only (WebAuthn L3 §5.8.5) */
    TORI_COSE_ESP256 = -9,
    TORI_COSE_ED25519 = -19,
    TORI_COSE_ES384 = -35,
    TORI_COSE_ES512 = -36,
    TORI_COSE_PS256 = -37,
    TORI_COSE_PS384 = -38,
    TORI_COSE_PS512 = -39,
    TORI_COSE_ES256K = -47,
    TORI_COSE_ML_DSA_44 = -48, /* these three where OpenSSL has them: 3.5 and later */
    TORI_COSE_ML_DSA_65 = -49,
    TORI_COSE_ML_DSA_87 = -50,
    TORI_COSE_ESP384 = -51,
    TORI_COSE_ESP512 = -52,
    TORI_COSE_ED448 = -53,
    TORI_COSE_RS256 = -257,
    TORI_COSE_RS384 = -258,
    TORI_COSE_RS512 = -259,
    TORI_COSE_RS1 = -65535, /* SHA-1, in the statements of older TPMs; never for credentials */
};

/* Whether a credential can be of this algorithm here. */
bool tori_cose_known(int64_t alg);
/* "ES256"; NULL when there is no row. */
const char *tori_cose_name(int64_t alg);
/* By its registered name, exactly; false when no credential can be of it here. */
bool tori_cose_find(struct tori_str name, int64_t *alg);

/* The hash that signatures of `alg` are made over, in the arena. PROOF_ALGORITHM: no row, or the
 * algorithm hashes by itself. */
TORI_RESULT tori_cose_digest(struct tori_ctx *cx, int64_t alg, struct tori_bytes message,
                             struct tori_bytes *out);

/* The length of the COSE_Key at the beginning of `bytes` and its algorithm, not yet imported.
 * PROOF_MALFORMED when it is not strict CBOR, PROOF_KEY when it is no COSE_Key. */
TORI_RESULT tori_cose_peek(struct tori_ctx *cx, struct tori_bytes bytes, size_t *used,
                           int64_t *alg);

/* An imported key, ready to verify. It never changes, so threads may share it. Import costs about a
 * third of a verification: keep it. It lives on the heap and counts its owners: a cache may drop it
 * while a worker still verifies with it. */
struct tori_verify_key;

/* `cose` is exactly one COSE_Key with the parameters of its type and no others (WebAuthn L3
 * §6.5.1). PROOF_MALFORMED; PROOF_ALGORITHM: no row for it, or OpenSSL
 * has it not; PROOF_KEY: another type or curve than
 * its algorithm demands, a point that is not on the curve or of small order, an RSA modulus outside
 * 2048 … 4096 bits, an exponent that is even or below 3. */
TORI_RESULT tori_verify_key_new(struct tori_ctx *cx, struct tori_bytes cose,
                                struct tori_verify_key **out);
/* One owner more; one owner less, the last of whom frees it. NULL is allowed. */
struct tori_verify_key *tori_verify_key_share(struct tori_verify_key *key);
void tori_verify_key_free(struct tori_verify_key *key);
int64_t tori_verify_key_alg(const struct tori_verify_key *key);

/* PROOF_SIGNATURE when `signature` was not made over `message` by this key, CRYPTO when that could
 * not be found out. ECDSA signatures are strict DER, as authenticators send them (WebAuthn L3
 * §6.5.5). */
TORI_RESULT tori_verify(struct tori_ctx *cx, const struct tori_verify_key *key,
                        struct tori_bytes message, struct tori_bytes signature);

#endif
