/* What the authenticator says and signs (WebAuthn L3 §6.1), and the object around it at a
 * registration (§6.5.4). */
#include <string.h>

#include "base/hash.h"
#include "domain/webauthn/webauthn_int.h"

enum { HEAD = 37, AAGUID = 16 };

static struct tori_result malformed(struct tori_ctx *cx, const char *why)
{
    return TORI_FAIL(cx, PROOF_MALFORMED, tori_word("authenticator_data", why));
}

/* The next n bytes of `rest`. */
static struct tori_result cut(struct tori_ctx *cx, struct tori_bytes *rest, size_t n,
                              struct tori_bytes *out)
{
    if (n > rest->len)
        return malformed(cx, "cut off");
    *out = (struct tori_bytes){rest->at, n};
    *rest = (struct tori_bytes){rest->at + n, rest->len - n};
    return TORI_OK;
}

static uint32_t big_endian(struct tori_bytes b)
{
    uint32_t value = 0;
    for (size_t i = 0; i < b.len; i++)
        value = value << 8 | b.at[i];
    return value;
}

static struct tori_result read_head(struct tori_ctx *cx, struct tori_bytes *rest,
                                    struct tori_authenticator_data *out)
{
    struct tori_bytes head = {0};

    TORI_TRY(cut(cx, rest, HEAD, &head));
    memcpy(out->rp_id_hash.at, head.at, sizeof(out->rp_id_hash.at));
    out->flags = head.at[32];
    out->sign_count = big_endian((struct tori_bytes){head.at + 33, 4});
    if ((out->flags & TORI_FLAGS_RESERVED) != 0)
        return malformed(cx, "reserved flags");
    return TORI_OK;
}

/* WebAuthn L3 §6.5.1 */
static struct tori_result read_attested(struct tori_ctx *cx, struct tori_bytes *rest,
                                        struct tori_authenticator_data *out)
{
    struct tori_bytes aaguid = {0}, len = {0};
    size_t used = 0;

    TORI_TRY(cut(cx, rest, AAGUID, &aaguid));
    memcpy(out->aaguid, aaguid.at, AAGUID);
    TORI_TRY(cut(cx, rest, 2, &len));
    TORI_TRY(cut(cx, rest, big_endian(len), &out->credential_id));
    TORI_TRY(tori_cose_peek(cx, *rest, &used, &out->alg));
    return cut(cx, rest, used, &out->public_key);
}

/* A map with text as keys (WebAuthn L3 §9.5); nothing in it is used. */
static struct tori_result skip_extensions(struct tori_ctx *cx, struct tori_bytes *rest)
{
    struct tori_cbor extensions;
    struct tori_bytes skipped;
    size_t used = 0;

    TORI_TRY(tori_cbor_read(cx, *rest, TORI_CBOR_STRICT, &extensions, &used));
    if (extensions.kind != TORI_CBOR_MAP)
        return malformed(cx, "extensions");
    for (size_t i = 0; i < extensions.count; i++) {
        if (extensions.item[2 * i].kind != TORI_CBOR_TEXT)
            return malformed(cx, "extension name");
    }
    return cut(cx, rest, used, &skipped);
}

struct tori_result tori_authenticator_data_read(struct tori_ctx *cx, struct tori_bytes raw,
                                                struct tori_authenticator_data *out)
{
    struct tori_authenticator_data data = {.raw = raw};
    struct tori_bytes rest = raw;

    TORI_TRY(read_head(cx, &rest, &data));
    if ((data.flags & TORI_FLAG_AT) != 0)
        TORI_TRY(read_attested(cx, &rest, &data));
    if ((data.flags & TORI_FLAG_ED) != 0)
        TORI_TRY(skip_extensions(cx, &rest));
    if (rest.len != 0)
        return malformed(cx, "trailing bytes");
    *out = data;
    return TORI_OK;
}

struct tori_result tori_authenticator_data_check(struct tori_ctx *cx, const struct tori_rp *rp,
                                                 const struct tori_authenticator_data *data)
{
    struct tori_hash id_hash = tori_sha256(tori_str_bytes(rp->id));
    uint8_t flags = data->flags;

    /* WebAuthn L3 §7.1 step 14 */ /* WebAuthn L3 §7.2 step 15 */
    if (!tori_hash_eq(&data->rp_id_hash, &id_hash))
        return TORI_FAIL(cx, PROOF_RP_ID);
    /* WebAuthn L3 §7.1 step 15 */   /* WebAuthn L3 §7.2 step 16 */
    if ((flags & TORI_FLAG_UP) == 0) /* conditional creation is not offered, so no exception */
        return TORI_FAIL(cx, PROOF_UP);
    /* WebAuthn L3 §7.1 step 16 */ /* WebAuthn L3 §7.2 step 17 */
    if ((flags & TORI_FLAG_UV) == 0 && !rp->uv_optional)
        return TORI_FAIL(cx, PROOF_UV);
    /* WebAuthn L3 §7.1 step 17 */ /* WebAuthn L3 §7.2 step 18 */
    if ((flags & TORI_FLAG_BE) == 0 && (flags & TORI_FLAG_BS) != 0)
        return TORI_FAIL(cx, PROOF_BACKUP_FLAGS);
    return TORI_OK;
}

static struct tori_result bad_object(struct tori_ctx *cx, const char *why)
{
    return TORI_FAIL(cx, PROOF_MALFORMED, tori_word("attestation_object", why));
}

/* Real authenticators and old browsers depart from the canonical form out here, so the reader is
 * the lenient one; the authenticator data inside is read strictly. */
struct tori_result tori_attestation_object_read(struct tori_ctx *cx, struct tori_bytes raw,
                                                struct tori_attestation_object *out)
{
    struct tori_attestation_object read;
    struct tori_cbor object;

    TORI_TRY(tori_cbor_parse(cx, raw, TORI_CBOR_LENIENT, &object));
    const struct tori_cbor *format = tori_cbor_get(&object, TORI_STR("fmt"));
    const struct tori_cbor *statement = tori_cbor_get(&object, TORI_STR("attStmt"));
    const struct tori_cbor *data = tori_cbor_get(&object, TORI_STR("authData"));
    if (format == NULL || format->kind != TORI_CBOR_TEXT)
        return bad_object(cx, "fmt");
    if (statement == NULL ||
        (statement->kind != TORI_CBOR_MAP && statement->kind != TORI_CBOR_LIST))
        return bad_object(cx, "attStmt");
    if (data == NULL || data->kind != TORI_CBOR_BYTES)
        return bad_object(cx, "authData");
    if (object.count != 3)
        return bad_object(cx, "more members");

    read.format = format->text;
    read.statement = *statement;
    TORI_TRY(tori_authenticator_data_read(cx, data->bytes, &read.data));
    *out = read;
    return TORI_OK;
}
