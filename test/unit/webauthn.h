/* A relying party and a passkey for the tests of both ceremonies. The names are made up. */
#ifndef TORI_TEST_WEBAUTHN_H
#define TORI_TEST_WEBAUTHN_H

#include "test/unit/authenticator.h"
#include "test/unit/hex.h"

static const struct tori_str test_origin[] = {TORI_STR_INIT("https://auth.mihon.example"),
                                              TORI_STR_INIT("https://auth.mihon.example:8443")};
static const struct tori_rp test_rp = {
    .id = TORI_STR_INIT("auth.mihon.example"),
    .name = TORI_STR_INIT("みほん証券"),
    .origin = test_origin,
    .origin_count = 2,
    .alg = tori_webauthn_algs,
    .alg_count = TORI_WEBAUTHN_ALGS,
};
static const uint8_t test_challenge[32] = "a challenge of 32 bytes, not 31";

static inline struct soft_ask honest_ask(void)
{
    return (struct soft_ask){
        .origin = "https://auth.mihon.example",
        .rp_id = "auth.mihon.example",
        .challenge = TORI_BYTES_OF(test_challenge),
    };
}

static inline struct tori_result try_register(struct tori_ctx *cx, struct soft_passkey *passkey,
                                              const struct soft_ask *ask, struct tori_attested *out)
{
    const struct tori_expected expected = {&test_rp, TORI_BYTES_OF(test_challenge)};
    struct tori_registration registration = soft_register(cx, passkey, ask);

    return tori_webauthn_register(cx, &expected, &registration, out);
}

/* The credential as the store would have it. */
static inline struct tori_known_credential known_of(const struct soft_passkey *passkey)
{
    return (struct tori_known_credential){
        .id = TORI_BYTES_OF(passkey->credential_id),
        .user = passkey->user,
        .sign_count = passkey->sign_count,
        .backup_eligible = (passkey->flags & SOFT_BE) != 0,
        .active = true,
    };
}

static inline struct tori_result try_prove(struct tori_ctx *cx, const struct soft_passkey *passkey,
                                           const struct tori_assertion *assertion,
                                           struct tori_proved *out)
{
    const struct tori_expected expected = {&test_rp, TORI_BYTES_OF(test_challenge)};
    struct tori_verify_key *key;

    assert_ok(cx, tori_verify_key_new(cx, soft_cose(cx, passkey), &key));
    struct tori_result result = tori_webauthn_prove(cx, &expected, assertion, key, out);
    tori_verify_key_free(key);
    return result;
}

/* A login without a user name: the credential is found by its id, the user by his handle. */
static inline struct tori_result try_login(struct tori_ctx *cx, struct soft_passkey *passkey,
                                           const struct soft_ask *ask, struct tori_asserted *out)
{
    const struct tori_known_credential known = known_of(passkey);
    const struct tori_claimant anybody = {0};
    struct tori_assertion assertion = soft_assert(cx, passkey, ask);
    struct tori_proved proved;

    TORI_TRY(try_prove(cx, passkey, &assertion, &proved));
    return tori_webauthn_accept(cx, &anybody, &known, &proved, out);
}

/* One ask, one verdict, with a fresh ES256 passkey. */
static inline void expect_register(struct tori_ctx *cx, const struct soft_ask *ask, tori_err err)
{
    struct soft_passkey passkey;
    struct tori_attested attested;

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    struct tori_result result = try_register(cx, &passkey, ask, &attested);
    soft_passkey_free(&passkey);
    assert_fails(result, err);
}

static inline void expect_login(struct tori_ctx *cx, const struct soft_ask *ask, tori_err err)
{
    struct soft_passkey passkey;
    struct tori_asserted asserted;

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    struct tori_result result = try_login(cx, &passkey, ask, &asserted);
    soft_passkey_free(&passkey);
    assert_fails(result, err);
}

static inline void expect_both(struct tori_ctx *cx, const struct soft_ask *ask, tori_err err)
{
    expect_register(cx, ask, err);
    expect_login(cx, ask, err);
}

#endif
