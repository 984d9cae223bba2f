/* Attestation statements: cases 48 … 50 of the list, for the formats that exist. */
#include "test/unit/webauthn.h"

static void case_48_none_with_a_statement(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();

    ask.fmt = "none";
    ask.statement = hex_bytes(cx, "a1 63616c67 26");
    expect_register(cx, &ask, TORI_ERR_ATTESTATION_INVALID);
    ask.statement = hex_bytes(cx, "80");
    expect_register(cx, &ask, TORI_ERR_ATTESTATION_INVALID);
    ask.statement = hex_bytes(cx, "a0");
    expect_register(cx, &ask, TORI_ERR_NONE);
}

/* WebAuthn L3 §7.1 step 24 */
static void case_49_less_than_demanded(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_rp rp = test_rp;
    const struct tori_expected expected = {&rp, TORI_BYTES_OF(test_challenge)};
    struct soft_ask ask = honest_ask();
    struct soft_passkey passkey;
    struct tori_attested attested;

    rp.least = TORI_ATTESTATION_SELF;
    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    struct tori_registration none = soft_register(cx, &passkey, &ask);
    ask.fmt = "packed";
    struct tori_registration self = soft_register(cx, &passkey, &ask);
    assert_fails(tori_webauthn_register(cx, &expected, &none, &attested),
                 TORI_ERR_ATTESTATION_INVALID);
    assert_ok(cx, tori_webauthn_register(cx, &expected, &self, &attested));
    assert_int_equal(attested.attestation.type, TORI_ATTESTATION_SELF);
    soft_passkey_free(&passkey);
}

/* WebAuthn L3 §7.1 step 21 */
static void case_50_unknown_format(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    static const char *const formats[] = {
        "", "None", "nones", "non", "packed ", "tpm2", "android-safetynet"};

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        ask.fmt = formats[i];
        expect_register(cx, &ask, TORI_ERR_ATTESTATION_FORMAT);
    }
}

/* A packed statement: {"alg": …, "sig": …} with the parts given as hex; "" leaves a part out. */
static struct tori_bytes packed(struct tori_ctx *cx, int members, const char *alg,
                                struct tori_bytes sig, const char *more)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 4096);
    struct tori_bytes part = hex_bytes(cx, alg);

    soft_cbor_head(&buf, 5, (uint64_t)members);
    tori_buf_bytes(&buf, part.at, part.len);
    soft_cbor_text(&buf, "sig");
    soft_cbor_bytes(&buf, sig);
    part = hex_bytes(cx, more);
    tori_buf_bytes(&buf, part.at, part.len);
    return tori_buf_view(&buf);
}

/* The passkey's own signature over its registration, for statements put together by hand. */
static struct tori_bytes own_signature(struct tori_ctx *cx, struct soft_passkey *passkey)
{
    struct soft_ask ask = honest_ask();
    struct tori_buf message = tori_buf_new(cx->arena, 4096);
    struct tori_registration registration = soft_register(cx, passkey, &ask);
    struct tori_hash hash = tori_sha256(registration.response.client_data);
    struct tori_bytes object = registration.response.attestation_object;

    /* behind {"fmt": "none", "attStmt": {}, "authData": and the two bytes of its own head */
    tori_buf_bytes(&message, object.at + 30, object.len - 30);
    tori_buf_bytes(&message, hash.at, sizeof(hash.at));
    return soft_sign(cx, passkey, tori_buf_view(&message));
}

/* WebAuthn L3 §8.2 verification step 1 */ /* WebAuthn L3 §8.2 verification step 2 */
/* WebAuthn L3 §8.2 verification step 3 */
static void case_50_packed_self_statement(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    struct soft_passkey passkey;
    struct tori_attested attested;

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    struct tori_bytes good = own_signature(cx, &passkey);
    struct tori_bytes empty = {good.at, 0};
    const struct {
        struct tori_bytes statement;
        tori_err err;
    } cases[] = {
        {packed(cx, 2, "63616c67 26", good, ""), TORI_ERR_NONE},
        {packed(cx, 2, "63616c67 27", good, ""), TORI_ERR_ATTESTATION_INVALID},      /* alg -8 */
        {packed(cx, 2, "63616c67 6226 37", good, ""), TORI_ERR_ATTESTATION_INVALID}, /* alg text */
        {packed(cx, 1, "", good, ""), TORI_ERR_ATTESTATION_INVALID},
        {packed(cx, 2, "63616c67 26", empty, ""), TORI_ERR_ATTESTATION_INVALID},
        {packed(cx, 2, "63616c67 26", (struct tori_bytes){good.at, good.len - 1}, ""),
         TORI_ERR_ATTESTATION_INVALID},
        {packed(cx, 3, "63616c67 26", good, "63783563 80"), TORI_ERR_ATTESTATION_INVALID}, /* x5c */
        {packed(cx, 3, "63616c67 26", good, "63783563 814100"), TORI_ERR_CERTIFICATE_INVALID},
        {packed(cx, 3, "63616c67 26", good, "6161 00"), TORI_ERR_ATTESTATION_INVALID},
        {hex_bytes(cx, "a0"), TORI_ERR_ATTESTATION_INVALID},
        {hex_bytes(cx, "a1 63616c67 26"), TORI_ERR_ATTESTATION_INVALID},
        {hex_bytes(cx, "80"), TORI_ERR_ATTESTATION_INVALID},
    };

    ask.fmt = "packed";
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ask.statement = cases[i].statement;
        struct tori_result result = try_register(cx, &passkey, &ask, &attested);
        if (result.err != cases[i].err)
            fail_msg("case %zu: %s", i, tori_err_name(result.err));
    }
    soft_passkey_free(&passkey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(case_48_none_with_a_statement),
        unit(case_49_less_than_demanded),
        unit(case_50_unknown_format),
        unit(case_50_packed_self_statement),
    };
    return tori_unit_run("webauthn_attest", tests);
}
