#include "domain/webauthn/attest/attest.h"

/* id-fido-gen-ce-aaguid, 1.3.6.1.4.1.45724.1.1.4 */
static const uint8_t aaguid_id[] = {0x2b, 6, 1, 4, 1, 0x82, 0xe5, 0x1c, 1, 1, 4};

enum { EC_X = -2, EC_Y = -3, RSA_N = -1, RSA_E = -2, CRV = -1 };

const struct tori_attest_format *tori_attest_find(struct tori_str fmt)
{
    for (size_t i = 0; i < tori_attest_format_count; i++) {
        if (tori_str_eq(tori_attest_formats[i]->fmt, fmt))
            return tori_attest_formats[i];
    }
    return NULL;
}

struct tori_result tori_attest_invalid(struct tori_ctx *cx, const struct tori_attest_input *input,
                                       const char *why)
{
    return TORI_FAIL(cx, ATTESTATION_INVALID, tori_text("fmt", input->format),
                     tori_word("why", why));
}

bool tori_attest_is_refusal(struct tori_result result)
{
    return result.err == TORI_ERR_PROOF_MALFORMED || result.err == TORI_ERR_PROOF_KEY ||
           result.err == TORI_ERR_PROOF_ALGORITHM || result.err == TORI_ERR_PROOF_SIGNATURE ||
           result.err == TORI_ERR_ATTESTATION_INVALID ||
           result.err == TORI_ERR_ATTESTATION_FORMAT ||
           result.err == TORI_ERR_ATTESTATION_UNTRUSTED ||
           result.err == TORI_ERR_CERTIFICATE_INVALID;
}

struct tori_result tori_attest_check(struct tori_ctx *cx, const struct tori_attest_input *input,
                                     struct tori_result result, const char *why)
{
    if (tori_attest_is_refusal(result))
        return tori_attest_invalid(cx, input, why);
    return result;
}

struct tori_result tori_attest_int(struct tori_ctx *cx, const struct tori_attest_input *input,
                                   const char *name, int64_t *out)
{
    const struct tori_cbor *value = tori_cbor_get(input->statement, tori_str_z(name));

    if (value == NULL || value->kind != TORI_CBOR_INT)
        return tori_attest_invalid(cx, input, name);
    *out = value->number;
    return TORI_OK;
}

struct tori_result tori_attest_bytes(struct tori_ctx *cx, const struct tori_attest_input *input,
                                     const char *name, struct tori_bytes *out)
{
    const struct tori_cbor *value = tori_cbor_get(input->statement, tori_str_z(name));

    if (value == NULL || value->kind != TORI_CBOR_BYTES)
        return tori_attest_invalid(cx, input, name);
    *out = value->bytes;
    return TORI_OK;
}

struct tori_result tori_attest_shape(struct tori_ctx *cx, const struct tori_attest_input *input,
                                     size_t members, bool with_x5c)
{
    if (input->statement->kind != TORI_CBOR_MAP || input->statement->count != members)
        return tori_attest_invalid(cx, input, "number of members");
    if ((input->x5c.count > 0) != with_x5c)
        return tori_attest_invalid(cx, input, "x5c");
    return TORI_OK;
}

struct tori_result tori_attest_signature(struct tori_ctx *cx, const struct tori_attest_input *input,
                                         const struct tori_signed *signed_)
{
    struct tori_verify_key *key = NULL;
    struct tori_result result = tori_certificate_key(cx, input->x5c.at[0], signed_->alg, &key);

    TORI_TRY(tori_attest_check(cx, input, result, "key of the certificate"));
    result = tori_verify(cx, key, signed_->message, signed_->signature);
    tori_verify_key_free(key);
    return tori_attest_check(cx, input, result, "signature");
}

struct tori_result tori_attest_aaguid(struct tori_ctx *cx, const struct tori_attest_input *input)
{
    struct tori_cert_extension extension;
    struct tori_bytes aaguid = {0};

    TORI_TRY(
        tori_certificate_extension(cx, input->x5c.at[0], TORI_BYTES_OF(aaguid_id), &extension));
    if (extension.value.at == NULL)
        return TORI_OK;
    /* WebAuthn L3 §8.2.1: never critical, and an OCTET STRING inside the extension's own */
    if (extension.critical)
        return tori_attest_invalid(cx, input, "AAGUID extension is critical");
    TORI_TRY(tori_attest_check(cx, input,
                               tori_der_whole(cx, extension.value, TORI_DER_OCTETS, &aaguid),
                               "AAGUID extension"));
    if (!tori_bytes_eq(aaguid, TORI_BYTES_OF(input->data->aaguid)))
        return tori_attest_invalid(cx, input, "AAGUID of the certificate");
    return TORI_OK;
}

struct tori_result tori_attest_key_parts(struct tori_ctx *cx, const struct tori_attest_input *input,
                                         struct tori_bytes part[static 2])
{
    struct tori_cbor key;

    TORI_TRY(tori_cbor_parse(cx, input->data->public_key, TORI_CBOR_STRICT, &key));
    const struct tori_cbor *crv = tori_cbor_get_int(&key, CRV);
    bool rsa = crv != NULL && crv->kind == TORI_CBOR_BYTES;
    const struct tori_cbor *first = tori_cbor_get_int(&key, rsa ? RSA_N : EC_X);
    const struct tori_cbor *second = tori_cbor_get_int(&key, rsa ? RSA_E : EC_Y);
    if (first == NULL || second == NULL || first->kind != TORI_CBOR_BYTES ||
        second->kind != TORI_CBOR_BYTES)
        return tori_attest_invalid(cx, input, "kind of key");
    part[0] = first->bytes;
    part[1] = second->bytes;
    return TORI_OK;
}

void tori_x5c_free(struct tori_x5c *x5c)
{
    for (size_t i = 0; i < x5c->count; i++)
        tori_certificate_free(x5c->at[i]);
    x5c->count = 0;
}

struct tori_result tori_x5c_read(struct tori_ctx *cx, const struct tori_bytes *certificate,
                                 size_t count, struct tori_x5c *out)
{
    struct tori_x5c x5c = {.count = 0};

    for (; x5c.count < count; x5c.count++) {
        struct tori_result result =
            tori_certificate_new(cx, certificate[x5c.count], &x5c.at[x5c.count]);
        if (!TORI_FAILED(result))
            continue;
        tori_x5c_free(&x5c);
        return result;
    }
    *out = x5c;
    return TORI_OK;
}

/* What is there is a list of certificates; whether it may be there is for the format to say. */
static struct tori_result read_x5c(struct tori_ctx *cx, struct tori_attest_input *input)
{
    const struct tori_cbor *list = tori_cbor_get(input->statement, TORI_STR("x5c"));
    struct tori_bytes certificate[TORI_CHAIN_MAX];

    input->x5c.count = 0;
    if (list == NULL)
        return TORI_OK;
    if (list->kind != TORI_CBOR_LIST || list->count == 0 || list->count > TORI_CHAIN_MAX)
        return tori_attest_invalid(cx, input, "x5c");
    for (size_t i = 0; i < list->count; i++) {
        if (list->item[i].kind != TORI_CBOR_BYTES)
            return tori_attest_invalid(cx, input, "x5c");
        certificate[i] = list->item[i].bytes;
    }
    return tori_x5c_read(cx, certificate, list->count, &input->x5c);
}

struct tori_result tori_attest_verify(struct tori_ctx *cx, const struct tori_attest_input *input,
                                      struct tori_attestation_facts *out)
{
    const struct tori_attest_format *format = tori_attest_find(input->format);
    struct tori_attest_input full = *input;
    struct tori_attestation_facts facts = {.trusted = false};

    /* WebAuthn L3 §7.1 step 21 */
    if (format == NULL)
        return TORI_FAIL(cx, ATTESTATION_FORMAT, tori_text("fmt", input->format));
    TORI_TRY(tori_webauthn_signed_bytes(cx, full.data->raw, full.client_hash, &full.signed_bytes));
    TORI_TRY(read_x5c(cx, &full));
    struct tori_result result = format->verify(cx, &full, &facts);
    tori_x5c_free(&full.x5c);
    TORI_TRY(result);
    *out = facts;
    return TORI_OK;
}
