/* The keys and the log's frontier, and the files they live in. */
#ifndef TORI_KEYHOLDER_VAULT_INT_H
#define TORI_KEYHOLDER_VAULT_INT_H

#include <openssl/evp.h>

#include "base/ctx.h"
#include "domain/evidence/note.h"
#include "domain/evidence/seal.h"
#include "keys/message.h"

struct tori_vault {
    const char *folder;
    int lock_fd; /* two keyholders on one state would sign two logs */
    EVP_PKEY *signer;
    struct tori_note_key public;
    struct tori_key32 master;
    struct tori_key_id master_id;
    bool has_log; /* false: the key is there, its state is lost; only ADOPT helps */
    struct tori_frontier log;
    uint64_t adopted_epoch; /* the last epoch in which a state was adopted */
};

/* Opens the state, or makes it at the first start. SETTING_BAD when the folder or a file is open to
 * others, another process has it, or it belongs to another log; FILE_FAILED. */
TORI_RESULT tori_vault_open(struct tori_ctx *cx, const char *folder, struct tori_str origin,
                            struct tori_vault **out);
void tori_vault_close(struct tori_vault *vault);

/* The new size is on disk before this returns. */
TORI_RESULT tori_vault_extend(struct tori_ctx *cx, struct tori_vault *vault, const uint8_t *leaf,
                              size_t count);
TORI_RESULT tori_vault_adopt(struct tori_ctx *cx, struct tori_vault *vault, uint64_t epoch,
                             const struct tori_frontier *log);

/* The text that is signed for a head, and the whole note. */
void tori_vault_text(const struct tori_vault *vault, const struct tori_frontier *log,
                     struct tori_buf *buf);
TORI_RESULT tori_vault_sign(struct tori_ctx *cx, const struct tori_vault *vault,
                            struct tori_buf *buf);

/* `wrapped` is TORI_KEYS_WRAPPED bytes. tori_vault_unwrap: NOT_PERMITTED for another owner or
 * key. */
TORI_RESULT tori_vault_wrap(struct tori_ctx *cx, const struct tori_vault *vault,
                            const uint8_t owner[static TORI_KEYS_OWNER],
                            const struct tori_key32 *key, uint8_t *wrapped);
TORI_RESULT tori_vault_unwrap(struct tori_ctx *cx, const struct tori_vault *vault,
                              const uint8_t owner[static TORI_KEYS_OWNER], const uint8_t *wrapped,
                              struct tori_key32 *key);

#endif
