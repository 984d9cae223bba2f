/* AES-256-GCM (NIST SP 800-38D), fetched once. A nonce is used once per key: callers draw all of
 * its 96 bits at random and keep a key below 2^32 sealings. */
#ifndef TORI_BASE_AEAD_H
#define TORI_BASE_AEAD_H

#include "base/bytes.h"
#include "base/secret.h"

enum { TORI_AEAD_NONCE = 12, TORI_AEAD_TAG = 16 };

/* Once before any thread starts; ends the process when OpenSSL has no AES-256-GCM. */
void tori_aead_init(void);

struct tori_aead {
    const struct tori_key32 *key;
    const uint8_t *nonce;    /* TORI_AEAD_NONCE bytes */
    struct tori_bytes bound; /* associated data */
};

/* `out` has room for plain.len bytes and the tag after them. False only when OpenSSL fails. */
bool tori_aead_seal(const struct tori_aead *aead, struct tori_bytes plain, uint8_t *out);

/* `sealed` ends with its tag; `out` has room for sealed.len - TORI_AEAD_TAG bytes and is wiped
 * when the answer is false: wrong key, wrong place, or altered. */
bool tori_aead_open(const struct tori_aead *aead, struct tori_bytes sealed, uint8_t *out);

#endif
