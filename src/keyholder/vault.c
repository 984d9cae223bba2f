#include "vault_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/failpoint.h"
#include "base/file.h"

TORI_AUTO_DEFINE(EVP_MD_CTX, EVP_MD_CTX_free)

/* Each file: eight bytes that say what it is, the content, SHA-256 over both. */
static const char log_key_mark[] = "TMlogkey", master_mark[] = "TMmaster",
                  state_mark[] = "TMlogst1", adopted_mark[] = "TMadopt1";
enum { MARK = 8, SUM = 32, CONTENT_MAX = 4 + 8 + 32 * TORI_TREE_LEVELS };

static struct tori_result file_path(struct tori_ctx *cx, const char *folder, const char *name,
                                    char out[static TORI_PATH_MAX])
{
    int n = snprintf(out, TORI_PATH_MAX, "%s/%s", folder, name);
    if (n < 0 || n >= TORI_PATH_MAX - 8)
        return TORI_FAIL(cx, SETTING_BAD, tori_word("keyholder", "state_dir"));
    return TORI_OK;
}

static struct tori_result keep(struct tori_ctx *cx, const char *folder, const char *mark,
                               const char *name, struct tori_bytes content)
{
    char path[TORI_PATH_MAX];
    uint8_t file[MARK + CONTENT_MAX + SUM];

    if (content.len > CONTENT_MAX)
        return TORI_FAIL(cx, TOO_LARGE, tori_word("file", name));
    TORI_TRY(file_path(cx, folder, name, path));
    memcpy(file, mark, MARK);
    memcpy(file + MARK, content.at, content.len);
    struct tori_hash sum = tori_sha256((struct tori_bytes){file, MARK + content.len});
    memcpy(file + MARK + content.len, sum.at, SUM);
    struct tori_result result =
        tori_file_write(cx, path, (struct tori_bytes){file, MARK + content.len + SUM}, 0600);
    tori_wipe(file, sizeof(file));
    return result;
}

/* NOT_FOUND when there is none; anything odd about one that is there stops the start. */
static struct tori_result recall(struct tori_ctx *cx, const char *folder, const char *mark,
                                 const char *name, struct tori_bytes *out)
{
    char path[TORI_PATH_MAX];
    struct tori_bytes file;
    struct stat st;

    TORI_TRY(file_path(cx, folder, name, path));
    TORI_TRY(tori_file_read(cx, path, MARK + CONTENT_MAX + SUM, &file));
    if (stat(path, &st) != 0 || (st.st_mode & 077) != 0 || st.st_uid != geteuid())
        return TORI_FAIL(cx, SETTING_BAD, tori_word("open_to_others", name));
    if (file.len < MARK + SUM)
        return TORI_FAIL(cx, SETTING_BAD, tori_word("damaged", name));
    struct tori_hash sum = tori_sha256((struct tori_bytes){file.at, file.len - SUM});
    if (!tori_bytes_eq(tori_hash_bytes(&sum), (struct tori_bytes){file.at + file.len - SUM, SUM}) ||
        !tori_bytes_eq((struct tori_bytes){file.at, MARK},
                       (struct tori_bytes){(const uint8_t *)mark, MARK}))
        return TORI_FAIL(cx, SETTING_BAD, tori_word("damaged", name));
    *out = (struct tori_bytes){file.at + MARK, file.len - MARK - SUM};
    return TORI_OK;
}

/* Key id, size, then the complete subtrees, largest first. */
static struct tori_result keep_state(struct tori_ctx *cx, const struct tori_vault *vault,
                                     const struct tori_frontier *log)
{
    uint8_t content[CONTENT_MAX];
    size_t len = 12;

    memcpy(content, vault->public.id, 4);
    tori_keys_put(content + 4, log->size, 8);
    for (int level = TORI_TREE_LEVELS - 1; level >= 0; level--) {
        if ((log->size >> level & 1) == 0)
            continue;
        memcpy(content + len, log->node[level].at, 32);
        len += 32;
    }
    return keep(cx, vault->folder, state_mark, "log.state", (struct tori_bytes){content, len});
}

static struct tori_result recall_state(struct tori_ctx *cx, const char *folder, uint8_t key_id[4],
                                       struct tori_frontier *out)
{
    struct tori_bytes content;

    TORI_TRY(recall(cx, folder, state_mark, "log.state", &content));
    if (content.len < 12)
        return TORI_FAIL(cx, SETTING_BAD, tori_word("damaged", "log.state"));
    memcpy(key_id, content.at, 4);
    out->size = tori_keys_get(content.at + 4, 8);
    if (content.len != 12 + 32 * (size_t)__builtin_popcountll(out->size))
        return TORI_FAIL(cx, SETTING_BAD, tori_word("damaged", "log.state"));
    const uint8_t *from = content.at + 12;
    for (int level = TORI_TREE_LEVELS - 1; level >= 0; level--) {
        if ((out->size >> level & 1) == 0)
            continue;
        memcpy(out->node[level].at, from, 32);
        from += 32;
    }
    return TORI_OK;
}

static struct tori_result use_seed(struct tori_ctx *cx, struct tori_vault *vault,
                                   const struct tori_key32 *seed)
{
    uint8_t public[TORI_ED25519_KEY];
    size_t n = sizeof(public);

    vault->signer = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, seed->at, 32);
    if (vault->signer == NULL || EVP_PKEY_get_raw_public_key(vault->signer, public, &n) != 1)
        return TORI_FAIL(cx, CRYPTO, tori_word("key", "log"));
    vault->public = tori_note_key(vault->public.name, public);
    return TORI_OK;
}

static struct tori_result use_master(struct tori_ctx *cx, struct tori_vault *vault,
                                     struct tori_bytes key)
{
    if (key.len != sizeof(vault->master.at))
        return TORI_FAIL(cx, SETTING_BAD, tori_word("damaged", "master.key"));
    memcpy(vault->master.at, key.at, key.len);
    vault->master_id = tori_key_id(&vault->master);
    return TORI_OK;
}

/* A master key that is there is never written over: all data keys hang on it. */
static struct tori_result make_master(struct tori_ctx *cx, struct tori_vault *vault)
{
    TORI_SECRET struct tori_key32 master;
    struct tori_bytes content;
    struct tori_result result = recall(cx, vault->folder, master_mark, "master.key", &content);

    if (result.err != TORI_ERR_NOT_FOUND) {
        TORI_TRY(result);
        return use_master(cx, vault, content);
    }
    tori_random_fill(&cx->random, master.at, sizeof(master.at));
    TORI_TRY(keep(cx, vault->folder, master_mark, "master.key", TORI_BYTES_OF(master.at)));
    return use_master(cx, vault, TORI_BYTES_OF(master.at));
}

/* The first start. The empty state goes first: a key without a state means a state that was lost,
 * and such a key signs nothing until it is shown what it signed last. */
static struct tori_result make_keys(struct tori_ctx *cx, struct tori_vault *vault)
{
    TORI_SECRET struct tori_key32 seed;

    tori_random_fill(&cx->random, seed.at, sizeof(seed.at));
    TORI_TRY(use_seed(cx, vault, &seed));
    TORI_TRY(make_master(cx, vault));
    vault->log.size = 0;
    vault->has_log = true;
    TORI_TRY(keep_state(cx, vault, &vault->log));
    tori_failpoint("keyholder.state_before_key");
    TORI_TRY(keep(cx, vault->folder, log_key_mark, "log.key", TORI_BYTES_OF(seed.at)));
    tori_log(cx, TORI_INFO, "keyholder.keys_made",
             tori_hex("log", TORI_BYTES_OF(vault->public.id)));
    return TORI_OK;
}

static struct tori_result open_keys(struct tori_ctx *cx, struct tori_vault *vault,
                                    struct tori_bytes content)
{
    TORI_SECRET struct tori_key32 seed;
    struct tori_bytes master;

    if (content.len != sizeof(seed.at))
        return TORI_FAIL(cx, SETTING_BAD, tori_word("damaged", "log.key"));
    memcpy(seed.at, content.at, sizeof(seed.at));
    TORI_TRY(use_seed(cx, vault, &seed));
    TORI_TRY(recall(cx, vault->folder, master_mark, "master.key", &master));
    return use_master(cx, vault, master);
}

static struct tori_result open_adopted(struct tori_ctx *cx, struct tori_vault *vault)
{
    struct tori_bytes content;
    struct tori_result result = recall(cx, vault->folder, adopted_mark, "log.adopted", &content);

    if (result.err == TORI_ERR_NOT_FOUND)
        return TORI_OK;
    TORI_TRY(result);
    if (content.len != 8)
        return TORI_FAIL(cx, SETTING_BAD, tori_word("damaged", "log.adopted"));
    vault->adopted_epoch = tori_keys_get(content.at, 8);
    return TORI_OK;
}

static struct tori_result open_files(struct tori_ctx *cx, struct tori_vault *vault)
{
    struct tori_bytes content;
    uint8_t key_id[4];

    TORI_TRY(tori_file_settle(cx, vault->folder));
    struct tori_result state = recall_state(cx, vault->folder, key_id, &vault->log);
    if (TORI_FAILED(state) && state.err != TORI_ERR_NOT_FOUND)
        return state;
    struct tori_result key = recall(cx, vault->folder, log_key_mark, "log.key", &content);
    if (key.err == TORI_ERR_NOT_FOUND) {
        /* A state that was never signed is that of a first start cut short. */
        if (!TORI_FAILED(state) && vault->log.size > 0)
            return TORI_FAIL(cx, SETTING_BAD, tori_word("missing", "log.key"));
        return make_keys(cx, vault);
    }
    TORI_TRY(key);
    TORI_TRY(open_keys(cx, vault, content));
    TORI_TRY(open_adopted(cx, vault));
    vault->has_log = !TORI_FAILED(state);
    if (vault->has_log && !tori_bytes_eq(TORI_BYTES_OF(key_id), TORI_BYTES_OF(vault->public.id)))
        return TORI_FAIL(cx, SETTING_BAD, tori_word("state_of_another_log", "log.state"));
    return TORI_OK;
}

static struct tori_result take_folder(struct tori_ctx *cx, struct tori_vault *vault)
{
    char path[TORI_PATH_MAX];
    struct stat st;

    if (stat(vault->folder, &st) != 0 || !S_ISDIR(st.st_mode) || (st.st_mode & 077) != 0 ||
        st.st_uid != geteuid())
        return TORI_FAIL(cx, SETTING_BAD, tori_word("keyholder", "state_dir"));
    TORI_TRY(file_path(cx, vault->folder, "lock", path));
    vault->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (vault->lock_fd < 0 || flock(vault->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return TORI_FAIL(cx, SETTING_BAD, tori_word("keyholder", "state_dir in use"),
                         tori_i64("errno", errno));
    return TORI_OK;
}

struct tori_result tori_vault_open(struct tori_ctx *cx, const char *folder, struct tori_str origin,
                                   struct tori_vault **out)
{
    if (!tori_note_name_valid(origin))
        return TORI_FAIL(cx, SETTING_BAD, tori_word("keyholder", "origin"));
    struct tori_vault *vault = tori_heap_take(sizeof(*vault));
    if (vault == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    vault->folder = folder;
    vault->lock_fd = -1;
    vault->public.name = origin;
    if (mlock(vault, sizeof(*vault)) != 0)
        tori_log(cx, TORI_WARN, "keyholder.not_locked_in_memory", tori_i64("errno", errno));
    struct tori_result result = take_folder(cx, vault);
    if (!TORI_FAILED(result))
        result = open_files(cx, vault);
    if (TORI_FAILED(result))
        tori_vault_close(vault);
    else
        *out = vault;
    return result;
}

void tori_vault_close(struct tori_vault *vault)
{
    EVP_PKEY_free(vault->signer); /* wipes its key */
    if (vault->lock_fd >= 0)
        close(vault->lock_fd);
    tori_wipe(vault, sizeof(*vault));
    munlock(vault, sizeof(*vault));
    tori_heap_free(vault);
}

struct tori_result tori_vault_extend(struct tori_ctx *cx, struct tori_vault *vault,
                                     const uint8_t *leaf, size_t count)
{
    struct tori_frontier log = vault->log;
    struct tori_hash hash;

    for (size_t i = 0; i < count; i++) {
        memcpy(hash.at, leaf + i * sizeof(hash.at), sizeof(hash.at));
        tori_frontier_append(&log, &hash);
    }
    /* On disk before anything is signed: after a crash this key cannot sign another log of that
     * size. */
    TORI_TRY(keep_state(cx, vault, &log));
    tori_failpoint("keyholder.synced");
    vault->log = log;
    return TORI_OK;
}

struct tori_result tori_vault_adopt(struct tori_ctx *cx, struct tori_vault *vault, uint64_t epoch,
                                    const struct tori_frontier *log)
{
    uint8_t content[8];

    if (vault->has_log || epoch <= vault->adopted_epoch)
        return TORI_FAIL(cx, NOT_PERMITTED, tori_u64("epoch", epoch));
    /* The epoch is spent first: a crash in between costs an epoch, never a second adoption. */
    tori_keys_put(content, epoch, sizeof(content));
    TORI_TRY(keep(cx, vault->folder, adopted_mark, "log.adopted", TORI_BYTES_OF(content)));
    vault->adopted_epoch = epoch;
    TORI_TRY(keep_state(cx, vault, log));
    vault->log = *log;
    vault->has_log = true;
    tori_log(cx, TORI_WARN, "keyholder.adopted", tori_u64("epoch", epoch),
             tori_u64("size", log->size));
    return TORI_OK;
}

void tori_vault_text(const struct tori_vault *vault, const struct tori_frontier *log,
                     struct tori_buf *buf)
{
    struct tori_checkpoint checkpoint = {vault->public.name, {log->size, tori_frontier_root(log)}};
    tori_checkpoint_put(buf, &checkpoint);
}

struct tori_result tori_vault_sign(struct tori_ctx *cx, const struct tori_vault *vault,
                                   struct tori_buf *buf)
{
    uint8_t signature[TORI_ED25519_SIGNATURE];
    size_t n = sizeof(signature);
    TORI_AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();

    tori_vault_text(vault, &vault->log, buf);
    if (buf->over || md == NULL ||
        EVP_DigestSignInit_ex(md, NULL, NULL, NULL, NULL, vault->signer, NULL) != 1 ||
        EVP_DigestSign(md, signature, &n, buf->at, buf->len) != 1)
        return TORI_FAIL(cx, CRYPTO, tori_word("key", "log"));
    tori_signature_put(buf, &vault->public, signature);
    return tori_buf_done(cx, buf);
}

/* Bound to its purpose and its owner. */
static struct tori_aead wrapping(const struct tori_vault *vault, const uint8_t *owner,
                                 const uint8_t *wrapped, uint8_t bound[static 16 + TORI_KEYS_OWNER])
{
    memcpy(bound, "torimori.wrap.v1", 16);
    memcpy(bound + 16, owner, TORI_KEYS_OWNER);
    return (struct tori_aead){
        .key = &vault->master, .nonce = wrapped + 5, .bound = {bound, 16 + TORI_KEYS_OWNER}};
}

struct tori_result tori_vault_wrap(struct tori_ctx *cx, const struct tori_vault *vault,
                                   const uint8_t owner[static TORI_KEYS_OWNER],
                                   const struct tori_key32 *key, uint8_t *wrapped)
{
    uint8_t bound[16 + TORI_KEYS_OWNER];

    wrapped[0] = TORI_SEAL_AES256GCM;
    memcpy(wrapped + 1, vault->master_id.at, sizeof(vault->master_id.at));
    tori_random_fill(&cx->random, wrapped + 5, TORI_AEAD_NONCE);
    struct tori_aead aead = wrapping(vault, owner, wrapped, bound);
    if (!tori_aead_seal(&aead, TORI_BYTES_OF(key->at), wrapped + TORI_SEAL_HEAD))
        return TORI_FAIL(cx, CRYPTO, tori_word("key", "master"));
    return TORI_OK;
}

struct tori_result tori_vault_unwrap(struct tori_ctx *cx, const struct tori_vault *vault,
                                     const uint8_t owner[static TORI_KEYS_OWNER],
                                     const uint8_t *wrapped, struct tori_key32 *key)
{
    uint8_t bound[16 + TORI_KEYS_OWNER];
    struct tori_aead aead = wrapping(vault, owner, wrapped, bound);
    struct tori_bytes id = {wrapped + 1, sizeof(vault->master_id.at)};

    if (wrapped[0] != TORI_SEAL_AES256GCM || !tori_bytes_eq(id, TORI_BYTES_OF(vault->master_id.at)))
        return TORI_FAIL(cx, NOT_PERMITTED, tori_word("wrapped", "key"));
    struct tori_bytes sealed = {wrapped + TORI_SEAL_HEAD, TORI_KEYS_WRAPPED - TORI_SEAL_HEAD};
    if (!tori_aead_open(&aead, sealed, key->at))
        return TORI_FAIL(cx, NOT_PERMITTED, tori_word("wrapped", "owner"));
    return TORI_OK;
}
