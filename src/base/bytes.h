/* Views on bytes and text. A view owns nothing; it lives as long as what it points at, which for
 * a request is the request's arena. Text is UTF-8 without NUL and is never NUL-terminated. */
#ifndef TORI_BASE_BYTES_H
#define TORI_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tori_bytes {
    const uint8_t *at;
    size_t len;
};

struct tori_str {
    const char *at;
    size_t len;
};

#define TORI_STR(literal) ((struct tori_str){"" literal, sizeof(literal) - 1})
#define TORI_STR_INIT(literal)                                                                     \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
#define TORI_BYTES_OF(array) ((struct tori_bytes){(const uint8_t *)(array), sizeof(array)})

/* For "%.*s": the precision and the pointer of a text view. */
#define TORI_STR_ARG(s) (int)(s).len, (s).at

struct tori_hash {
    uint8_t at[32];
};

/* A handle that carries its route: 2-byte bucket, then a UUIDv7 or, in a user handle, 30 random
 * bytes (design.md §4). All zero means "none". */
struct tori_id {
    uint8_t at[18];
};

struct tori_user_handle {
    uint8_t at[32];
};

struct tori_str tori_str_z(const char *zero_terminated);
bool tori_str_eq(struct tori_str a, struct tori_str b);
bool tori_bytes_eq(struct tori_bytes a, struct tori_bytes b);
bool tori_str_starts(struct tori_str s, struct tori_str prefix);
struct tori_bytes tori_str_bytes(struct tori_str s);
struct tori_str tori_bytes_str(struct tori_bytes b);

bool tori_hash_eq(const struct tori_hash *a, const struct tori_hash *b);
bool tori_hash_is_zero(const struct tori_hash *h);
bool tori_id_eq(const struct tori_id *a, const struct tori_id *b);
/* Below, at or above zero, as the store orders ids. */
int tori_id_order(const struct tori_id *a, const struct tori_id *b);
bool tori_id_is_none(const struct tori_id *id);
struct tori_bytes tori_id_bytes(const struct tori_id *id);
struct tori_bytes tori_hash_bytes(const struct tori_hash *h);

/* Valid UTF-8 as RFC 3629 has it, without NUL. */
bool tori_utf8_valid(struct tori_bytes b);

#endif
