/* The format made for WebAuthn (WebAuthn L3 §8.2). So far only self attestation: a statement with
 * certificates is refused, because there are no trust anchors yet that could give it a meaning. */
#include "domain/webauthn/attest/attest.h"

static struct tori_result invalid(struct tori_ctx *cx, const char *why)
{
    return TORI_FAIL(cx, ATTESTATION_INVALID, tori_word("packed", why));
}

static struct tori_result verify_self(struct tori_ctx *cx, const struct tori_attest_input *input,
                                      const struct tori_cbor *alg, const struct tori_cbor *sig)
{
    struct tori_bytes message = {0};

    /* WebAuthn L3 §8.2 verification step 3: alg is the algorithm of the credential itself */
    if (alg->number != tori_verify_key_alg(input->key))
        return invalid(cx, "alg differs from the credential's");
    TORI_TRY(tori_webauthn_signed_bytes(cx, input->data->raw, input->client_hash, &message));
    struct tori_result signature = tori_verify(cx, input->key, message, sig->bytes);
    if (signature.err == TORI_ERR_PROOF_SIGNATURE)
        return invalid(cx, "signature");
    return signature;
}

static struct tori_result verify(struct tori_ctx *cx, const struct tori_attest_input *input,
                                 enum tori_attestation *out)
{
    const struct tori_cbor *alg = tori_cbor_get(input->statement, TORI_STR("alg"));
    const struct tori_cbor *sig = tori_cbor_get(input->statement, TORI_STR("sig"));

    /* WebAuthn L3 §8.2 verification step 1 */
    if (alg == NULL || alg->kind != TORI_CBOR_INT)
        return invalid(cx, "alg");
    if (sig == NULL || sig->kind != TORI_CBOR_BYTES)
        return invalid(cx, "sig");
    /* WebAuthn L3 §8.2 verification step 2 */
    if (tori_cbor_get(input->statement, TORI_STR("x5c")) != NULL)
        return TORI_FAIL(cx, ATTESTATION_FORMAT, tori_word("packed", "x5c"));
    if (input->statement->count != 2)
        return invalid(cx, "more members");
    TORI_TRY(verify_self(cx, input, alg, sig));
    *out = TORI_ATTESTATION_SELF;
    return TORI_OK;
}

const struct tori_attest_format tori_attest_packed = {
    .fmt = TORI_STR_INIT("packed"),
    .verify = verify,
};
