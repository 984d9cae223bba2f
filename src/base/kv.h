/* Typed fields of log lines and failures. Text given here must outlive the request: a literal or
 * something in the arena. Secrets have no constructor here, personal data only tori_pii(). */
#ifndef TORI_BASE_KV_H
#define TORI_BASE_KV_H

#include <stdint.h>

#include "base/bytes.h"

enum tori_kv_kind { TORI_KV_END = 0, TORI_KV_INT, TORI_KV_STR, TORI_KV_HEX, TORI_KV_PII };

struct tori_kv {
    enum tori_kv_kind kind;
    const char *name;
    int64_t number;
    struct tori_str text; /* STR, PII; HEX keeps bytes in it */
};

struct tori_kv tori_u64(const char *name, uint64_t value);
struct tori_kv tori_i64(const char *name, int64_t value);
struct tori_kv tori_text(const char *name, struct tori_str value);
struct tori_kv tori_word(const char *name, const char *literal);
struct tori_kv tori_idkv(const char *name, const struct tori_id *id);
struct tori_kv tori_hex(const char *name, struct tori_bytes value);
/* Written as the first 8 bytes of SHA-256(pepper || value): joinable, not readable. */
struct tori_kv tori_pii(const char *name, struct tori_str value);

#endif
