/* The wire between keys/client.c and the keyholder: docs/keys-protocol.md. Every message is one
 * packet of a SOCK_SEQPACKET socket: a head of eight bytes and the body of its kind. Integers are
 * big-endian. */
#ifndef TORI_KEYS_MESSAGE_H
#define TORI_KEYS_MESSAGE_H

#include "base/bytes.h"
#include "keys/keys.h"

enum tori_keys_kind {
    TORI_KEYS_BEAT = 1,
    TORI_KEYS_DATA_KEY_NEW,
    TORI_KEYS_DATA_KEY_OPEN,
    TORI_KEYS_LOG_KEY,
    TORI_KEYS_LOG_HEAD,
    TORI_KEYS_LOG_EXTEND,
    TORI_KEYS_LOG_ADOPT,
    TORI_KEYS_KINDS
};

enum tori_keys_status {
    TORI_KEYS_OK,
    TORI_KEYS_LOG_DIFFERS, /* the body is the log's size, 8 bytes */
    TORI_KEYS_REFUSED,     /* not permitted now, or not for this owner; no body, as below */
    TORI_KEYS_BUSY,        /* more of this kind than a second may hold */
    TORI_KEYS_FAILED,      /* the keyholder could not keep its state */
    TORI_KEYS_STATUSES
};

/* Head: version, kind, status (0 in a request), 0, number (4 bytes, repeated by the answer). */
enum {
    TORI_KEYS_VERSION = 1,
    TORI_KEYS_HEAD = 8,
    TORI_KEYS_OWNER = 18,
    TORI_KEYS_WRAPPED = 1 + 4 + 12 + 32 + 16, /* algorithm, key id, nonce, key, tag */
    TORI_KEYS_REQUEST_MAX = TORI_KEYS_HEAD + 8 + 32 * TORI_EXTEND_MAX,
    TORI_KEYS_ANSWER_MAX = TORI_KEYS_HEAD + 8 + TORI_CHECKPOINT_MAX,
};

static inline void tori_keys_put(uint8_t *to, uint64_t n, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(n >> (8 * (bytes - 1 - i)));
}

static inline uint64_t tori_keys_get(const uint8_t *from, unsigned bytes)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < bytes; i++)
        n = n << 8 | from[i];
    return n;
}

#endif
