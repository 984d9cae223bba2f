/* The only door to the key holder: "sign this, seal that". Calls block for at most their deadline,
 * on any thread but the decider's. KEYHOLDER_AWAY when there is no answer. */
#ifndef TORI_KEYS_KEYS_H
#define TORI_KEYS_KEYS_H

#include "base/ctx.h"
#include "base/secret.h"

struct tori_keys;

enum { TORI_KEYS_DEADLINE_MS = 2000 };

/* `socket_fd` is connected to the keyholder; owned from here on. Once it breaks it stays broken. */
TORI_RESULT tori_keys_new(struct tori_ctx *cx, int socket_fd, struct tori_keys **out);
/* By the path of the keyholder's socket; connects again whenever the connection was lost, so the
 * keyholder may start later and may be restarted. */
TORI_RESULT tori_keys_connect(struct tori_ctx *cx, struct tori_str path, struct tori_keys **out);
/* Before other threads know `keys`. */
void tori_keys_set_deadline(struct tori_keys *keys, int64_t ms);
void tori_keys_free(struct tori_keys *keys);

/* Steady time of the last answer (0: none yet), for the fail-closed rule (design.md §5). */
int64_t tori_keys_last_beat_ms(const struct tori_keys *keys);
TORI_RESULT tori_keys_beat(struct tori_ctx *cx, struct tori_keys *keys);

/* A data key of one customer. Wrapping binds it to `owner`, so a row moved to another customer does
 * not open. `wrapped` is at most TORI_WRAPPED_MAX bytes and carries algorithm and key id. */
enum { TORI_WRAPPED_MAX = 96 };
struct tori_wrapped {
    uint8_t at[TORI_WRAPPED_MAX];
    size_t len;
};
TORI_RESULT tori_keys_data_key_new(struct tori_ctx *cx, struct tori_keys *keys,
                                   const struct tori_id *owner, struct tori_wrapped *wrapped,
                                   struct tori_key32 *plain);
TORI_RESULT tori_keys_data_key_open(struct tori_ctx *cx, struct tori_keys *keys,
                                    const struct tori_id *owner, struct tori_bytes wrapped,
                                    struct tori_key32 *plain);

/* The evidence log: appends leaf hashes and returns the checkpoint (signed note) of the new size.
 * The keyholder refuses any from_size but its own: LOG_DIFFERS, and tori_keys_log_size() tells its
 * size. */
struct tori_extension {
    uint64_t from_size;
    const struct tori_hash *leaf;
    size_t count; /* at most TORI_EXTEND_MAX */
};
enum { TORI_EXTEND_MAX = 1024, TORI_CHECKPOINT_MAX = 1024 };
TORI_RESULT tori_keys_log_size(struct tori_ctx *cx, struct tori_keys *keys, uint64_t *size_now);
TORI_RESULT tori_keys_log_extend(struct tori_ctx *cx, struct tori_keys *keys,
                                 const struct tori_extension *extension,
                                 struct tori_str *checkpoint);
/* The checkpoint of the size it is at, signed again: what an answer lost on the way said. */
TORI_RESULT tori_keys_log_checkpoint(struct tori_ctx *cx, struct tori_keys *keys,
                                     uint64_t *size_now, struct tori_str *checkpoint);
/* For a keyholder that has its key and lost its state: the last checkpoint it signed and the
 * frontier of that size, largest subtree first. Once per epoch; NOT_PERMITTED otherwise. */
struct tori_adoption {
    uint64_t epoch;
    uint64_t size;
    const uint8_t *signature; /* 64 bytes */
    const struct tori_hash *node;
    size_t count;
};
TORI_RESULT tori_keys_log_adopt(struct tori_ctx *cx, struct tori_keys *keys,
                                const struct tori_adoption *adoption, struct tori_str *checkpoint);
/* "origin+hexid+base64": what a verifier needs. */
TORI_RESULT tori_keys_log_vkey(struct tori_ctx *cx, struct tori_keys *keys, struct tori_str *vkey);

/* What the keyholder did since it started. */
struct tori_keys_counts {
    uint64_t log_size;
    uint64_t signatures;
    uint64_t keys_made;
    uint64_t keys_opened;
    uint64_t refusals;
};
TORI_RESULT tori_keys_count(struct tori_ctx *cx, struct tori_keys *keys,
                            struct tori_keys_counts *out);

#endif
