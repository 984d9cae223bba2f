/* Apple devices: a certificate made for this one credential (WebAuthn L3 §8.8). */
#include "base/hash.h"
#include "domain/webauthn/attest/attest.h"

/* 1.2.840.113635.100.8.2 */
static const uint8_t nonce_id[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 8, 2};

enum { NONCE_TAG = TORI_DER_CONTEXT | 1 };

/* SEQUENCE { [1] EXPLICIT OCTET STRING } */
static struct tori_result read_nonce(struct tori_ctx *cx, struct tori_bytes value,
                                     struct tori_bytes *out)
{
    struct tori_bytes sequence = {0}, tagged = {0};

    TORI_TRY(tori_der_whole(cx, value, TORI_DER_SEQUENCE, &sequence));
    TORI_TRY(tori_der_whole(cx, sequence, NONCE_TAG, &tagged));
    return tori_der_whole(cx, tagged, TORI_DER_OCTETS, out);
}

static struct tori_result check_nonce(struct tori_ctx *cx, const struct tori_attest_input *input)
{
    /* WebAuthn L3 §8.8 verification steps 2-3 */
    struct tori_hash due = tori_sha256(input->signed_bytes);
    struct tori_cert_extension extension;
    struct tori_bytes nonce = {0};

    /* WebAuthn L3 §8.8 verification step 4 */
    TORI_TRY(tori_certificate_extension(cx, input->x5c.at[0], TORI_BYTES_OF(nonce_id), &extension));
    if (extension.value.at == NULL)
        return tori_attest_invalid(cx, input, "no nonce");
    TORI_TRY(tori_attest_check(cx, input, read_nonce(cx, extension.value, &nonce), "nonce"));
    if (!tori_bytes_eq(nonce, tori_hash_bytes(&due)))
        return tori_attest_invalid(cx, input, "another nonce");
    return TORI_OK;
}

static struct tori_result verify(struct tori_ctx *cx, const struct tori_attest_input *input,
                                 struct tori_attestation_facts *out)
{
    int64_t alg;

    /* WebAuthn L3 §8.8 verification step 1: x5c alone; the first devices sent alg beside it, which
     * says nothing */
    bool first = input->statement->count == 2;
    TORI_TRY(tori_attest_shape(cx, input, first ? 2 : 1, true));
    if (first)
        TORI_TRY(tori_attest_int(cx, input, "alg", &alg));
    TORI_TRY(check_nonce(cx, input));
    /* WebAuthn L3 §8.8 verification step 5 */
    if (!tori_certificate_holds(input->x5c.at[0], input->key))
        return tori_attest_invalid(cx, input, "another key");
    return tori_attest_trust(cx, input, TORI_ATTESTATION_ANONCA, out);
}

const struct tori_attest_format tori_attest_apple = {
    .fmt = TORI_STR_INIT("apple"),
    .verify = verify,
};
