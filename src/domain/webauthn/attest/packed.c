/* The format made for WebAuthn (WebAuthn L3 §8.2): signed by the credential itself, or by a key of
 * the authenticator's model. */
#include "domain/webauthn/attest/attest.h"

/* Attributes of a subject: id-at-countryName, 2.5.4.6, and its neighbours */
static const uint8_t country[] = {0x55, 4, 6}, organization[] = {0x55, 4, 10},
                     unit[] = {0x55, 4, 11}, common_name[] = {0x55, 4, 3};

static struct tori_result check_subject(struct tori_ctx *cx, const struct tori_attest_input *input)
{
    const struct tori_certificate *leaf = input->x5c.at[0];
    struct tori_str text = {0};

    if (!tori_certificate_subject(leaf, TORI_BYTES_OF(country), &text) || text.len != 2)
        return tori_attest_invalid(cx, input, "country of the subject");
    if (!tori_certificate_subject(leaf, TORI_BYTES_OF(organization), &text) || text.len == 0)
        return tori_attest_invalid(cx, input, "organization of the subject");
    if (!tori_certificate_subject(leaf, TORI_BYTES_OF(unit), &text) ||
        !tori_str_eq(text, TORI_STR("Authenticator Attestation")))
        return tori_attest_invalid(cx, input, "unit of the subject");
    if (!tori_certificate_subject(leaf, TORI_BYTES_OF(common_name), &text) || text.len == 0)
        return tori_attest_invalid(cx, input, "common name of the subject");
    return TORI_OK;
}

/* WebAuthn L3 §8.2.1. Devices without basicConstraints exist; they are no CA either. */
static struct tori_result check_certificate(struct tori_ctx *cx,
                                            const struct tori_attest_input *input)
{
    if (tori_certificate_version(input->x5c.at[0]) != 3)
        return tori_attest_invalid(cx, input, "version of the certificate");
    if (tori_certificate_is_ca(input->x5c.at[0]))
        return tori_attest_invalid(cx, input, "the certificate is a CA");
    return check_subject(cx, input);
}

static struct tori_result verify_full(struct tori_ctx *cx, const struct tori_attest_input *input,
                                      const struct tori_signed *signed_,
                                      struct tori_attestation_facts *out)
{
    /* WebAuthn L3 §8.2 verification step 2 */
    TORI_TRY(tori_attest_signature(cx, input, signed_));
    TORI_TRY(check_certificate(cx, input));
    TORI_TRY(tori_attest_aaguid(cx, input));
    return tori_attest_trust(cx, input, TORI_ATTESTATION_BASIC, out);
}

static struct tori_result verify_self(struct tori_ctx *cx, const struct tori_attest_input *input,
                                      const struct tori_signed *signed_)
{
    /* WebAuthn L3 §8.2 verification step 3: alg is the algorithm of the credential itself */
    if (signed_->alg != tori_verify_key_alg(input->key))
        return tori_attest_invalid(cx, input, "alg differs from the credential's");
    return tori_attest_check(
        cx, input, tori_verify(cx, input->key, signed_->message, signed_->signature), "signature");
}

static struct tori_result verify(struct tori_ctx *cx, const struct tori_attest_input *input,
                                 struct tori_attestation_facts *out)
{
    struct tori_signed signed_ = {.message = input->signed_bytes};
    bool full = input->x5c.count > 0;

    /* WebAuthn L3 §8.2 verification step 1 */
    TORI_TRY(tori_attest_shape(cx, input, full ? 3 : 2, full));
    TORI_TRY(tori_attest_int(cx, input, "alg", &signed_.alg));
    TORI_TRY(tori_attest_bytes(cx, input, "sig", &signed_.signature));
    if (full && !tori_cose_known(signed_.alg))
        return tori_attest_invalid(cx, input, "alg");
    if (full)
        return verify_full(cx, input, &signed_, out);
    TORI_TRY(verify_self(cx, input, &signed_));
    out->type = TORI_ATTESTATION_SELF;
    return TORI_OK;
}

const struct tori_attest_format tori_attest_packed = {
    .fmt = TORI_STR_INIT("packed"),
    .verify = verify,
};
