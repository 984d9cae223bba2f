/* What security keys of the generation before FIDO2 sign (WebAuthn L3 §8.6). */
#include "domain/webauthn/attest/attest.h"

enum { COORDINATE = 32, MESSAGE_MAX = 2048 };

/* WebAuthn L3 §8.6 verification steps 3-5: 0x00, RP ID hash, client data hash, credential id, key
 * as an uncompressed point */
static struct tori_result make_message(struct tori_ctx *cx, const struct tori_attest_input *input,
                                       struct tori_bytes *out)
{
    struct tori_buf message = tori_buf_new(cx->arena, MESSAGE_MAX);
    struct tori_bytes point[2];

    TORI_TRY(tori_attest_key_parts(cx, input, point));
    if (point[0].len != COORDINATE || point[1].len != COORDINATE)
        return tori_attest_invalid(cx, input, "kind of key");
    tori_buf_byte(&message, 0);
    tori_buf_bytes(&message, input->data->rp_id_hash.at, sizeof(input->data->rp_id_hash.at));
    tori_buf_bytes(&message, input->client_hash->at, sizeof(input->client_hash->at));
    tori_buf_bytes(&message, input->data->credential_id.at, input->data->credential_id.len);
    tori_buf_byte(&message, 4);
    tori_buf_bytes(&message, point[0].at, point[0].len);
    tori_buf_bytes(&message, point[1].at, point[1].len);
    TORI_TRY(tori_buf_done(cx, &message));
    *out = tori_buf_view(&message);
    return TORI_OK;
}

static struct tori_result verify(struct tori_ctx *cx, const struct tori_attest_input *input,
                                 struct tori_attestation_facts *out)
{
    static const uint8_t none[16] = {0};
    struct tori_signed signed_ = {.alg = TORI_COSE_ES256};

    /* WebAuthn L3 §8.6 verification step 1 */
    TORI_TRY(tori_attest_shape(cx, input, 2, true));
    TORI_TRY(tori_attest_bytes(cx, input, "sig", &signed_.signature));
    /* WebAuthn L3 §8.6 verification step 2: one certificate; its key is P-256, or the next call
     * refuses it */
    if (input->x5c.count != 1)
        return tori_attest_invalid(cx, input, "more than one certificate");
    if (tori_verify_key_alg(input->key) != TORI_COSE_ES256)
        return tori_attest_invalid(cx, input, "kind of key");
    /* Those keys know no AAGUID; FIDO's own list of cases wants it to be zero. */
    if (!input->rules->u2f_any_aaguid &&
        !tori_bytes_eq(TORI_BYTES_OF(input->data->aaguid), TORI_BYTES_OF(none)))
        return tori_attest_invalid(cx, input, "AAGUID not zero");
    /* WebAuthn L3 §6.1.2: such a key sets no flag but UP. They are not signed here, so nobody could
     * believe them either. */
    if ((input->data->flags & (TORI_FLAG_UV | TORI_FLAG_BE | TORI_FLAG_BS | TORI_FLAG_ED)) != 0)
        return tori_attest_invalid(cx, input, "flags that are not signed");
    TORI_TRY(make_message(cx, input, &signed_.message));
    /* WebAuthn L3 §8.6 verification step 6 */
    TORI_TRY(tori_attest_signature(cx, input, &signed_));
    return tori_attest_trust(cx, input, TORI_ATTESTATION_BASIC, out);
}

const struct tori_attest_format tori_attest_fido_u2f = {
    .fmt = TORI_STR_INIT("fido-u2f"),
    .verify = verify,
};
