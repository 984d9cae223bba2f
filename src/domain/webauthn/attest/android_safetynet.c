/* Google's SafetyNet (WebAuthn L3 §8.5). The service ended in 2025 and the standard is about to
 * drop the format; it is recognised, and refused unless a rule says otherwise. The steps of the
 * procedure have no numbers in the standard; they are counted here in its order. */
#include "base/buf.h"
#include "base/hash.h"
#include "codec/jws.h"
#include "domain/webauthn/attest/attest.h"

enum { NONCE_TEXT = 64 };

static struct tori_result check_nonce(struct tori_ctx *cx, const struct tori_attest_input *input,
                                      const struct tori_json *payload)
{
    const struct tori_json *nonce = tori_json_get(payload, TORI_STR("nonce"));
    struct tori_buf due = tori_buf_new(cx->arena, NONCE_TEXT);
    struct tori_hash hash = tori_sha256(input->signed_bytes);

    tori_buf_b64(&due, tori_hash_bytes(&hash));
    TORI_TRY(tori_buf_done(cx, &due));
    if (nonce == NULL || nonce->kind != TORI_JSON_TEXT ||
        !tori_str_eq(nonce->text, tori_buf_text(&due)))
        return tori_attest_invalid(cx, input, "nonce");
    return TORI_OK;
}

static struct tori_result check_payload(struct tori_ctx *cx, const struct tori_attest_input *input,
                                        const struct tori_json *payload)
{
    const struct tori_json *match = tori_json_get(payload, TORI_STR("ctsProfileMatch"));
    const struct tori_json *at = tori_json_get(payload, TORI_STR("timestampMs"));

    /* WebAuthn L3 §8.5 verification step 3 */
    TORI_TRY(check_nonce(cx, input, payload));
    if (match == NULL || match->kind != TORI_JSON_BOOL ||
        (match->number == 0 && !input->rules->safetynet_no_cts))
        return tori_attest_invalid(cx, input, "ctsProfileMatch");
    if (at == NULL || at->kind != TORI_JSON_INT || at->number > cx->now ||
        (at->number < cx->now - TORI_MINUTE_MS && !input->rules->safetynet_any_age))
        return tori_attest_invalid(cx, input, "timestampMs");
    return TORI_OK;
}

/* WebAuthn L3 §8.5 verification step 4: signed by the service's own certificate, whose chain the
 * caller has put into `input` */
static struct tori_result check_service(struct tori_ctx *cx, const struct tori_attest_input *input,
                                        const struct tori_jws *jws)
{
    const struct tori_signed signed_ = {jws->alg, jws->signed_bytes, jws->signature};

    if (!tori_certificate_is_for(input->x5c.at[0], "attest.android.com"))
        return tori_attest_invalid(cx, input, "host of the certificate");
    return tori_attest_signature(cx, input, &signed_);
}

static struct tori_result judge(struct tori_ctx *cx, const struct tori_attest_input *input,
                                const struct tori_jws *jws, struct tori_attestation_facts *out)
{
    struct tori_json payload;

    TORI_TRY(check_service(cx, input, jws));
    if (TORI_FAILED(tori_json_parse(cx, jws->payload, &payload)) ||
        payload.kind != TORI_JSON_OBJECT)
        return tori_attest_invalid(cx, input, "payload");
    TORI_TRY(check_payload(cx, input, &payload));
    return tori_attest_trust(cx, input, TORI_ATTESTATION_BASIC, out);
}

static struct tori_result verify(struct tori_ctx *cx, const struct tori_attest_input *input,
                                 struct tori_attestation_facts *out)
{
    const struct tori_cbor *ver = tori_cbor_get(input->statement, TORI_STR("ver"));
    struct tori_bytes response = {0}, certificate[TORI_CHAIN_MAX];
    struct tori_attest_input own = *input;
    struct tori_jws jws;
    size_t count = 0;

    if (!input->rules->safetynet)
        return TORI_FAIL(cx, ATTESTATION_FORMAT, tori_text("fmt", input->format));
    /* WebAuthn L3 §8.5 verification step 1 */
    TORI_TRY(tori_attest_shape(cx, input, 2, false));
    if (ver == NULL || ver->kind != TORI_CBOR_TEXT || ver->text.len == 0)
        return tori_attest_invalid(cx, input, "ver");
    TORI_TRY(tori_attest_bytes(cx, input, "response", &response));
    /* WebAuthn L3 §8.5 verification step 2 */
    TORI_TRY(tori_attest_check(cx, input, tori_jws_read(cx, tori_bytes_str(response), &jws),
                               "response"));
    TORI_TRY(tori_attest_check(cx, input, tori_jws_x5c(cx, &jws, certificate, &count), "response"));
    TORI_TRY(tori_x5c_read(cx, certificate, count, &own.x5c));
    struct tori_result result = judge(cx, &own, &jws, out);
    tori_x5c_free(&own.x5c);
    return result;
}

const struct tori_attest_format tori_attest_android_safetynet = {
    .fmt = TORI_STR_INIT("android-safetynet"),
    .verify = verify,
};
