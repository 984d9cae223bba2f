/* SHA-256 over views, with the algorithm fetched once (notes: implicit fetch doubles small
 * hashes). */
#ifndef TORI_BASE_HASH_H
#define TORI_BASE_HASH_H

#include "base/bytes.h"
#include "base/secret.h"

/* To be called once before any thread starts; ends the process when OpenSSL has no SHA-256. */
void tori_hash_init(void);

struct tori_hash tori_sha256(struct tori_bytes one);
/* The hash of the parts in a row. */
struct tori_hash tori_sha256_parts(const struct tori_bytes *part, size_t n);
struct tori_hash tori_hmac_sha256(const struct tori_key32 *key, struct tori_bytes data);

#endif
