#include "domain/evidence/seal.h"

#include <string.h>

#include "base/buf.h"
#include "base/hash.h"

static const struct tori_str purpose = TORI_STR_INIT("torimori.seal.v1");
static const struct tori_str id_purpose = TORI_STR_INIT("torimori.key-id.v1");

struct tori_key_id tori_key_id(const struct tori_key32 *key)
{
    struct tori_key_id id;
    struct tori_hash hash = tori_sha256_parts(
        (const struct tori_bytes[]){tori_str_bytes(id_purpose), TORI_BYTES_OF(key->at)}, 2);

    memcpy(id.at, hash.at, sizeof(id.at));
    return id;
}

/* Every part but the last has a fixed length or says its own: two places never look alike. */
static struct tori_result place(struct tori_ctx *cx, const struct tori_sealing *sealing,
                                const struct tori_key_id *id, struct tori_bytes *out)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 512);

    tori_buf_str(&buf, purpose);
    tori_buf_byte(&buf, TORI_SEAL_AES256GCM);
    tori_buf_bytes(&buf, id->at, sizeof(id->at));
    tori_buf_bytes(&buf, sealing->owner->at, sizeof(sealing->owner->at));
    tori_buf_byte(&buf, (uint8_t)(sealing->row.len >> 8));
    tori_buf_byte(&buf, (uint8_t)sealing->row.len);
    tori_buf_bytes(&buf, sealing->row.at, sealing->row.len);
    tori_buf_str(&buf, sealing->column);
    TORI_TRY(tori_buf_done(cx, &buf));
    *out = tori_buf_view(&buf);
    return TORI_OK;
}

struct tori_result tori_seal(struct tori_ctx *cx, const struct tori_sealing *sealing,
                             struct tori_bytes plain, struct tori_bytes *sealed)
{
    struct tori_key_id id = tori_key_id(sealing->key);
    size_t len = TORI_SEAL_HEAD + plain.len + TORI_AEAD_TAG;
    struct tori_aead aead = {.key = sealing->key};
    uint8_t *at;

    TORI_TRY(tori_take(cx, len, &at));
    TORI_TRY(place(cx, sealing, &id, &aead.bound));
    at[0] = TORI_SEAL_AES256GCM;
    memcpy(at + 1, id.at, sizeof(id.at));
    if (sealing->nonce == NULL)
        tori_random_fill(&cx->random, at + 5, TORI_AEAD_NONCE);
    else
        memcpy(at + 5, sealing->nonce, TORI_AEAD_NONCE);
    aead.nonce = at + 5;
    if (!tori_aead_seal(&aead, plain, at + TORI_SEAL_HEAD))
        return TORI_FAIL(cx, CRYPTO);
    *sealed = (struct tori_bytes){at, len};
    return TORI_OK;
}

struct tori_result tori_unseal(struct tori_ctx *cx, const struct tori_sealing *sealing,
                               struct tori_bytes sealed, struct tori_bytes *plain)
{
    struct tori_key_id id = tori_key_id(sealing->key);
    struct tori_aead aead = {.key = sealing->key};
    uint8_t *at;

    if (sealed.len < TORI_SEAL_HEAD + TORI_AEAD_TAG || sealed.at[0] != TORI_SEAL_AES256GCM)
        return TORI_FAIL(cx, STORE_DATA, tori_word("sealed", "form"));
    if (!tori_bytes_eq((struct tori_bytes){sealed.at + 1, sizeof(id.at)}, TORI_BYTES_OF(id.at)))
        return TORI_FAIL(cx, STORE_DATA, tori_word("sealed", "key"));
    size_t len = sealed.len - TORI_SEAL_HEAD - TORI_AEAD_TAG;
    TORI_TRY(tori_take(cx, len, &at));
    TORI_TRY(place(cx, sealing, &id, &aead.bound));
    aead.nonce = sealed.at + 5;
    if (!tori_aead_open(&aead, (struct tori_bytes){sealed.at + TORI_SEAL_HEAD, len + TORI_AEAD_TAG},
                        at))
        return TORI_FAIL(cx, STORE_DATA, tori_word("sealed", "altered or moved"));
    *plain = (struct tori_bytes){at, len};
    return TORI_OK;
}
