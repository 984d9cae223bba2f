/* CBOR (RFC 8949) as authenticators write it, bounded. Both modes refuse tags, floats, undefined,
 * numbers outside int64, keys that are neither integer nor text, duplicate keys, lengths not in
 * their shortest form, text that is not UTF-8, and trailing bytes. */
#ifndef TORI_CODEC_CBOR_H
#define TORI_CODEC_CBOR_H

#include "base/ctx.h"

enum tori_cbor_mode {
    TORI_CBOR_STRICT,  /* CTAP2 canonical: keys in order, definite lengths, four levels at most */
    TORI_CBOR_LENIENT, /* any order of keys and indefinite lengths: what real devices and old
                        * browsers put around the authenticator data */
};

/* Levels of lists and maps, and values of all kinds in one document. */
enum { TORI_CBOR_DEPTH_STRICT = 4, TORI_CBOR_DEPTH_LENIENT = 6, TORI_CBOR_ITEMS = 256 };

enum tori_cbor_kind {
    TORI_CBOR_INT,
    TORI_CBOR_BYTES,
    TORI_CBOR_TEXT,
    TORI_CBOR_LIST,
    TORI_CBOR_MAP,
    TORI_CBOR_BOOL,
    TORI_CBOR_NULL,
};

/* A value read. Bytes and text point into what was read, or into the arena where they came in
 * pieces; lists and maps live in the arena. */
struct tori_cbor {
    enum tori_cbor_kind kind;
    int64_t number;               /* INT; BOOL as 0 or 1 */
    struct tori_bytes bytes;      /* BYTES */
    struct tori_str text;         /* TEXT */
    size_t count;                 /* LIST: items; MAP: pairs */
    const struct tori_cbor *item; /* LIST: `count` values; MAP: key and value in turn */
};

/* One value at the beginning of `bytes`, `used` bytes long. PROOF_MALFORMED, TOO_DEEP,
 * TOO_LARGE. */
TORI_RESULT tori_cbor_read(struct tori_ctx *cx, struct tori_bytes bytes, enum tori_cbor_mode mode,
                           struct tori_cbor *out, size_t *used);
/* The whole of `bytes` is one value. */
TORI_RESULT tori_cbor_parse(struct tori_ctx *cx, struct tori_bytes bytes, enum tori_cbor_mode mode,
                            struct tori_cbor *out);

/* The value of a key; NULL when there is none, or `map` is not a map. */
const struct tori_cbor *tori_cbor_get(const struct tori_cbor *map, struct tori_str key);
const struct tori_cbor *tori_cbor_get_int(const struct tori_cbor *map, int64_t key);

#endif
