/* Cases 29 … 50 of the list of what a relying party must refuse: authenticator data, CBOR,
 * signatures, attestation. Keys and signatures of their own kind are in cose.c. */
#include "test/unit/webauthn.h"

/* {"fmt": "none", "attStmt": {}, "authData": …}: so many bytes stand before the data's own head,
 * which has two. */
enum { BEFORE_DATA = 28 };

/* AUTH-06 */
/* WebAuthn L3 §7.1 step 14 */ /* WebAuthn L3 §7.2 step 15 */
static void case_29_rp_id_hash(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    static const char *const ids[] = {
        "mihon.example",      "a.auth.mihon.example",       "evil.example",
        "AUTH.mihon.example", "https://auth.mihon.example", ""};

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        ask.rp_id = ids[i];
        expect_both(cx, &ask, TORI_ERR_PROOF_RP_ID);
    }
    ask.rp_id = "auth.mihon.example";
    expect_both(cx, &ask, TORI_ERR_NONE);
}

/* WebAuthn L3 §7.1 step 15 */ /* WebAuthn L3 §7.2 step 16 */
static void case_30_user_not_present(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();

    ask.clear_flags = SOFT_UP;
    expect_both(cx, &ask, TORI_ERR_PROOF_UP);
    ask.clear_flags = SOFT_UP | SOFT_UV;
    expect_both(cx, &ask, TORI_ERR_PROOF_UP);
}

/* AUTH-08 */
/* WebAuthn L3 §7.1 step 16 */ /* WebAuthn L3 §7.2 step 17 */
static void case_31_user_not_verified(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();

    ask.clear_flags = SOFT_UV;
    expect_both(cx, &ask, TORI_ERR_PROOF_UV);
    /* There is nothing in a response by which a client could lower this. */
    ask.more_client_data = ",\"userVerification\":\"discouraged\"";
    expect_both(cx, &ask, TORI_ERR_PROOF_UV);
    ask.clear_flags = 0;
    expect_both(cx, &ask, TORI_ERR_NONE);
}

/* WebAuthn L3 §7.1 step 17 */ /* WebAuthn L3 §7.2 step 18 */
static void case_32_backed_up_but_not_eligible(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();

    ask.clear_flags = SOFT_BE;
    expect_both(cx, &ask, TORI_ERR_PROOF_BACKUP_FLAGS);
}

/* WebAuthn L3 §7.2 step 19 */
static void case_33_backup_eligibility_changed(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();

    ask.clear_flags = SOFT_BE | SOFT_BS; /* the record says eligible */
    expect_login(cx, &ask, TORI_ERR_PROOF_BACKUP_CHANGED);
    expect_register(cx, &ask, TORI_ERR_NONE);

    struct soft_passkey passkey;
    struct tori_asserted asserted;
    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    passkey.flags = SOFT_UP | SOFT_UV; /* the record says device-bound */
    ask.clear_flags = 0;
    assert_ok(cx, try_login(cx, &passkey, &ask, &asserted));
    ask.set_flags = SOFT_BE;
    assert_fails(try_login(cx, &passkey, &ask, &asserted), TORI_ERR_PROOF_BACKUP_CHANGED);
    soft_passkey_free(&passkey);
}

static void case_35_flags_and_data_disagree(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    static const uint8_t reserved[] = {0x02, 0x20};

    ask.clear_flags = SOFT_AT; /* a credential in the data, none in the flags */
    expect_register(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    ask.clear_flags = 0;
    ask.set_flags = SOFT_AT; /* the other way round */
    expect_login(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    ask.set_flags = SOFT_ED;
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    ask.set_flags = 0;
    ask.clear_flags = SOFT_ED;
    ask.extensions = hex_bytes(cx, "a1 6161 00");
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    ask.clear_flags = 0;
    /* WebAuthn L3 §7.2 step 23: extensions that nobody asked for are read and ignored */
    expect_both(cx, &ask, TORI_ERR_NONE);
    for (size_t i = 0; i < sizeof(reserved); i++) {
        ask = honest_ask();
        ask.set_flags = reserved[i];
        expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    }
}

/* A registration without any credential, and an assertion that carries one. */
static void case_35_attested_credential_in_the_wrong_ceremony(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    struct soft_passkey passkey;
    struct tori_attested attested;
    struct tori_asserted asserted;
    uint8_t head[37] = {0};
    struct tori_hash rp_hash = tori_sha256(tori_str_bytes(test_rp.id));

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    memcpy(head, rp_hash.at, sizeof(rp_hash.at));
    head[32] = SOFT_UP | SOFT_UV;
    ask.auth_data = TORI_BYTES_OF(head);
    assert_fails(try_register(cx, &passkey, &ask, &attested), TORI_ERR_PROOF_MALFORMED);

    struct tori_bytes cose = soft_cose(cx, &passkey);
    struct tori_buf with = tori_buf_new(cx->arena, 1000);
    tori_buf_bytes(&with, head, sizeof(head));
    tori_buf_bytes(&with, passkey.aaguid, sizeof(passkey.aaguid));
    tori_buf_bytes(&with, "\0\40", 2);
    tori_buf_bytes(&with, passkey.credential_id, sizeof(passkey.credential_id));
    tori_buf_bytes(&with, cose.at, cose.len);
    with.at[32] = SOFT_UP | SOFT_UV | SOFT_AT;
    ask.auth_data = tori_buf_view(&with);
    assert_ok(cx, try_register(cx, &passkey, &ask, &attested));
    assert_fails(try_login(cx, &passkey, &ask, &asserted), TORI_ERR_PROOF_MALFORMED);
    soft_passkey_free(&passkey);
}

static void case_36_trailing_bytes(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();

    ask.trailing = hex_bytes(cx, "00");
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    ask.extensions = hex_bytes(cx, "a0");
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    ask.trailing = (struct tori_bytes){0};
    expect_both(cx, &ask, TORI_ERR_NONE);
}

/* Every length from nothing to one byte short, and bytes without end. */
static void case_37_authenticator_data_length(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    struct soft_passkey passkey;
    struct tori_asserted asserted;
    struct tori_attested attested;
    static const uint8_t zeros[70000];

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    struct tori_bytes whole = soft_assert(cx, &passkey, &ask).response.authenticator_data;
    assert_int_equal(whole.len, 37);
    for (size_t n = 0; n < whole.len; n++) {
        ask.auth_data = (struct tori_bytes){whole.at, n};
        assert_fails(try_login(cx, &passkey, &ask, &asserted), TORI_ERR_PROOF_MALFORMED);
    }
    ask = honest_ask();
    whole = soft_register(cx, &passkey, &ask).response.attestation_object;
    whole = (struct tori_bytes){whole.at + BEFORE_DATA + 2, whole.len - BEFORE_DATA - 2};
    for (size_t n = 0; n < whole.len; n++) {
        ask.auth_data = (struct tori_bytes){whole.at, n};
        assert_fails(try_register(cx, &passkey, &ask, &attested), TORI_ERR_PROOF_MALFORMED);
    }
    ask.auth_data = whole;
    assert_ok(cx, try_register(cx, &passkey, &ask, &attested));
    ask = honest_ask();
    ask.auth_data = TORI_BYTES_OF(zeros);
    assert_fails(try_login(cx, &passkey, &ask, &asserted), TORI_ERR_PROOF_MALFORMED);
    soft_passkey_free(&passkey);
}

/* WebAuthn L3 §7.2 step 22 */
static void case_38_counter_does_not_rise(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    struct soft_passkey passkey;
    struct tori_proved proved;
    static const struct {
        int64_t stored;
        uint32_t sent;
        tori_err err;
    } cases[] = {
        {5, 6, TORI_ERR_NONE},
        {5, 5, TORI_ERR_PROOF_SIGN_COUNT},
        {5, 4, TORI_ERR_PROOF_SIGN_COUNT},
        {5, 0, TORI_ERR_PROOF_SIGN_COUNT},
        {0, 0, TORI_ERR_NONE},
        {0, 1, TORI_ERR_NONE},
        {0x7fffffff, 0x80000000, TORI_ERR_NONE},
        {0xffffffff, 0xffffffff, TORI_ERR_PROOF_SIGN_COUNT},
    };

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    ask.keep_count = true;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tori_asserted asserted = {.sign_count = -1};
        const struct tori_claimant anybody = {0};
        struct tori_known_credential known = known_of(&passkey);
        passkey.sign_count = cases[i].sent;
        known.sign_count = cases[i].stored;
        struct tori_assertion assertion = soft_assert(cx, &passkey, &ask);
        assert_ok(cx, try_prove(cx, &passkey, &assertion, &proved));
        assert_fails(tori_webauthn_accept(cx, &anybody, &known, &proved, &asserted), cases[i].err);
        /* What a clone sent is nowhere to be written from. */
        assert_true(asserted.sign_count ==
                    (cases[i].err == TORI_ERR_NONE ? (int64_t)cases[i].sent : -1));
    }
    soft_passkey_free(&passkey);
}

/* Inside the authenticator data CBOR is canonical or refused. */
static void case_39_canonical_inside(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    static const char *const extensions[] = {
        "a2 6161 00 6161 00", "a2 6162 00 6161 00", "bf 6161 00 ff", "a1 6161 1800",
        "a1 6161 c0 00",      "a1 6161 f90000",     "a1 01 00",      "80",
    };

    for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
        ask.extensions = hex_bytes(cx, extensions[i]);
        expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    }
}

/* An attestation object put together from hex, with the honest authenticator data in the middle. */
static struct tori_bytes object_of(struct tori_ctx *cx, struct soft_passkey *passkey,
                                   const char *before, const char *after)
{
    struct soft_ask ask = honest_ask();
    struct tori_bytes honest = soft_register(cx, passkey, &ask).response.attestation_object;
    struct tori_bytes data = {honest.at + BEFORE_DATA, honest.len - BEFORE_DATA};
    struct tori_bytes head = hex_bytes(cx, before);
    struct tori_bytes tail = hex_bytes(cx, after);
    struct tori_buf buf = tori_buf_new(cx->arena, 4096);

    assert_int_equal(data.at[0], 0x58);
    tori_buf_bytes(&buf, head.at, head.len);
    tori_buf_bytes(&buf, data.at, data.len);
    tori_buf_bytes(&buf, tail.at, tail.len);
    return tori_buf_view(&buf);
}

#define FMT "63666d74"
#define NONE "646e6f6e65"
#define STATEMENT "6761747453746d74"
#define DATA "686175746844617461"

/* Around it, real authenticators and old browsers write another order and indefinite lengths. */
static void case_39_lenient_outside(void **state)
{
    struct tori_ctx *cx = *state;
    static const struct {
        const char *before, *after;
        tori_err err;
    } cases[] = {
        {"a3" FMT NONE STATEMENT "a0" DATA, "", TORI_ERR_NONE},
        {"a3" DATA, STATEMENT "a0" FMT NONE, TORI_ERR_NONE},
        {"bf" FMT NONE STATEMENT "a0" DATA, "ff", TORI_ERR_NONE},
        {"bf" FMT "7f" NONE "ff" STATEMENT "bf ff" DATA, "ff", TORI_ERR_NONE},
        {"a4" FMT NONE STATEMENT "a0" DATA, FMT NONE, TORI_ERR_PROOF_MALFORMED}, /* twice */
        {"a3" FMT NONE STATEMENT "c0 a0" DATA, "", TORI_ERR_PROOF_MALFORMED},    /* a tag */
        {"a4" FMT NONE STATEMENT "a0" DATA, "6161 f90000", TORI_ERR_PROOF_MALFORMED},
        {"a3" FMT NONE STATEMENT "a0" DATA, "00", TORI_ERR_PROOF_MALFORMED}, /* trailing */
        {"a4" FMT NONE STATEMENT "a0" DATA, "6161 00", TORI_ERR_PROOF_MALFORMED},
        {"83" NONE "a0", "", TORI_ERR_PROOF_MALFORMED}, /* not a map */
        {"a2" STATEMENT "a0" DATA, "", TORI_ERR_PROOF_MALFORMED},
        {"a3" FMT "446e6f6e65" STATEMENT "a0" DATA, "", TORI_ERR_PROOF_MALFORMED},
        {"a2" FMT NONE DATA, "", TORI_ERR_PROOF_MALFORMED},
        {"a3" FMT NONE STATEMENT "f6" DATA, "", TORI_ERR_PROOF_MALFORMED},
    };
    struct soft_ask ask = honest_ask();
    struct soft_passkey passkey;
    struct tori_attested attested;

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ask.attestation_object = object_of(cx, &passkey, cases[i].before, cases[i].after);
        struct tori_result result = try_register(cx, &passkey, &ask, &attested);
        if (result.err != cases[i].err)
            fail_msg("case %zu: %s", i, tori_err_name(result.err));
    }
    soft_passkey_free(&passkey);
}

static void case_40_bombs_and_lies(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    uint8_t bomb[16000];
    static const struct {
        const char *hex;
        tori_err err;
    } cases[] = {
        {"9b 7fffffffffffffff", TORI_ERR_PROOF_MALFORMED},
        {"bb 7fffffffffffffff", TORI_ERR_PROOF_MALFORMED},
        {"5b 7fffffffffffffff", TORI_ERR_PROOF_MALFORMED},
        {"a3 63666d74", TORI_ERR_PROOF_MALFORMED},
        {"", TORI_ERR_PROOF_MALFORMED},
    };

    memset(bomb, 0x81, sizeof(bomb));
    ask.attestation_object = TORI_BYTES_OF(bomb);
    expect_register(cx, &ask, TORI_ERR_TOO_DEEP);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ask.attestation_object = hex_bytes(cx, cases[i].hex);
        expect_register(cx, &ask, cases[i].err);
    }
    ask = honest_ask();
    ask.extensions = hex_bytes(cx, "a1 6161 8181818180");
    expect_both(cx, &ask, TORI_ERR_TOO_DEEP);
    ask.extensions = hex_bytes(cx, "bb 7fffffffffffffff");
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
}

/* WebAuthn L3 §7.1 step 20 */
static void case_41_algorithm_not_asked_for(void **state)
{
    struct tori_ctx *cx = *state;
    static const int64_t only_eddsa[] = {TORI_COSE_EDDSA};
    struct tori_rp rp = test_rp;
    const struct tori_expected expected = {&rp, TORI_BYTES_OF(test_challenge)};
    struct soft_ask ask = honest_ask();
    struct soft_passkey passkey;
    struct tori_attested attested;

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    struct tori_registration registration = soft_register(cx, &passkey, &ask);
    assert_ok(cx, tori_webauthn_register(cx, &expected, &registration, &attested));
    rp.alg = only_eddsa;
    rp.alg_count = 1;
    assert_fails(tori_webauthn_register(cx, &expected, &registration, &attested),
                 TORI_ERR_PROOF_ALGORITHM);
    soft_passkey_free(&passkey);
    /* RS1: {1: 3, 3: -65535, -1: h'01', -2: h'03'} */
    ask.cose = hex_bytes(cx, "a4 01 03 03 39fffe 20 4101 21 4103");
    expect_register(cx, &ask, TORI_ERR_PROOF_ALGORITHM);
}

static void case_47_hash_order(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();

    ask.signed_over = SOFT_SIGNED_WITHOUT_HASH;
    expect_login(cx, &ask, TORI_ERR_PROOF_SIGNATURE);
    ask.fmt = "packed";
    expect_register(cx, &ask, TORI_ERR_ATTESTATION_INVALID);
    ask.signed_over = SOFT_SIGNED_SWAPPED;
    expect_register(cx, &ask, TORI_ERR_ATTESTATION_INVALID);
    expect_login(cx, &ask, TORI_ERR_PROOF_SIGNATURE);
    ask.signed_over = SOFT_SIGNED_RIGHT;
    expect_both(cx, &ask, TORI_ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(case_29_rp_id_hash),
        unit(case_30_user_not_present),
        unit(case_31_user_not_verified),
        unit(case_32_backed_up_but_not_eligible),
        unit(case_33_backup_eligibility_changed),
        unit(case_35_flags_and_data_disagree),
        unit(case_35_attested_credential_in_the_wrong_ceremony),
        unit(case_36_trailing_bytes),
        unit(case_37_authenticator_data_length),
        unit(case_38_counter_does_not_rise),
        unit(case_39_canonical_inside),
        unit(case_39_lenient_outside),
        unit(case_40_bombs_and_lies),
        unit(case_41_algorithm_not_asked_for),
        unit(case_47_hash_order),
    };
    return tori_unit_run("webauthn_data", tests);
}
