/* What the readers of keys and the verifier share: the row of an algorithm, and the key itself.
 * Only this room sees it. */
#ifndef TORI_CODEC_KEY_INT_H
#define TORI_CODEC_KEY_INT_H

#include <openssl/evp.h>
#include <stdatomic.h>

#include "base/auto.h"
#include "codec/cbor.h"
#include "codec/cose.h"

TORI_AUTO_DEFINE(EVP_PKEY, EVP_PKEY_free)
TORI_AUTO_DEFINE(EVP_PKEY_CTX, EVP_PKEY_CTX_free)

/* RFC 9053 §7, RFC 8230 §4, RFC 9864 §2 (kty of ML-DSA) */
enum tori_kty { TORI_KTY_OKP = 1, TORI_KTY_EC2 = 2, TORI_KTY_RSA = 3, TORI_KTY_AKP = 7 };

struct tori_algorithm {
    int64_t alg;
    const char *name;    /* as the IANA registry has it */
    bool statement_only; /* never the algorithm of a credential */
    enum tori_kty kty;
    int64_t crv;        /* 0: this type of key has no curve */
    const char *type;   /* OpenSSL's name of the kind of key */
    const char *group;  /* OpenSSL's name of the curve; NULL: none */
    size_t size;        /* bytes of a coordinate, or of the whole public key */
    const char *digest; /* NULL: the algorithm hashes by itself */
    int padding;        /* of RSA */
};

/* NULL when there is no row. */
const struct tori_algorithm *tori_algorithm_find(int64_t alg);
/* Whether OpenSSL has this kind of key. */
bool tori_algorithm_here(const struct tori_algorithm *algorithm);

struct tori_verify_key {
    atomic_uint owners;
    const struct tori_algorithm *algorithm;
    EVP_PKEY *key;
    EVP_MD *digest; /* fetched once: an implicit fetch costs as much as the hash */
    /* Ready to verify, and at rest: who verifies takes it, and makes one when it is taken. */
    _Atomic(EVP_PKEY_CTX *) *ready;
};

/* Takes a share of `key`, which is of the algorithm's kind. */
TORI_RESULT tori_verify_key_wrap(struct tori_ctx *cx, const struct tori_algorithm *algorithm,
                                 EVP_PKEY *key, struct tori_verify_key **out);

/* PROOF_KEY; and empties OpenSSL's queue, which the next TLS call would read as its own. */
struct tori_result tori_bad_key(struct tori_ctx *cx, const char *why);

/* What no key may be, wherever it came from. Numbers and points big-endian or as RFC 8032 has
 * them. */
TORI_RESULT tori_key_check_rsa(struct tori_ctx *cx, struct tori_bytes n, struct tori_bytes e);
TORI_RESULT tori_key_check_point(struct tori_ctx *cx, const struct tori_algorithm *algorithm,
                                 struct tori_bytes point);

#endif
