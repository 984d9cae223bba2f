/* Cases 1 … 28 of the list of what a relying party must refuse: the ceremony, the client data,
 * whose credential it is. Each is correctly signed, and passes when the one fault is taken away.
 * Those that need a server's state (3 … 11, 24, 28) are told end to end. */
#include "test/unit/webauthn.h"

/* WebAuthn L3 §7.1 step 7 */ /* WebAuthn L3 §7.2 step 10 */
static void case_01_type_confusion(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();

    ask.type = "webauthn.get";
    expect_register(cx, &ask, TORI_ERR_PROOF_TYPE);
    expect_login(cx, &ask, TORI_ERR_NONE);
    ask.type = "webauthn.create";
    expect_login(cx, &ask, TORI_ERR_PROOF_TYPE);
    expect_register(cx, &ask, TORI_ERR_NONE);
    ask.type = "payment.get";
    expect_both(cx, &ask, TORI_ERR_PROOF_TYPE);
    ask.type = "webauthn.getx";
    expect_both(cx, &ask, TORI_ERR_PROOF_TYPE);
    ask.type = "";
    expect_both(cx, &ask, TORI_ERR_PROOF_TYPE);
}

/* AUTH-27 */
/* WebAuthn L3 §7.1 step 8 */ /* WebAuthn L3 §7.2 step 11 */
static void case_02_challenge_differs(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    uint8_t longer[33];

    memcpy(longer, test_challenge, sizeof(test_challenge));
    longer[31] ^= 1;
    ask.challenge = (struct tori_bytes){longer, 32};
    expect_both(cx, &ask, TORI_ERR_PROOF_CHALLENGE);
    longer[31] ^= 1;
    longer[32] = 0;
    ask.challenge = TORI_BYTES_OF(longer);
    expect_both(cx, &ask, TORI_ERR_PROOF_CHALLENGE);
    ask.challenge = (struct tori_bytes){longer, 31};
    expect_both(cx, &ask, TORI_ERR_PROOF_CHALLENGE);
    ask.challenge = (struct tori_bytes){longer, 0};
    expect_both(cx, &ask, TORI_ERR_PROOF_CHALLENGE);
    ask.challenge = (struct tori_bytes){longer, 32};
    expect_both(cx, &ask, TORI_ERR_NONE);
    ask.challenge_text = "YSBjaGFsbGVuZ2Ugb2YgMzIgYnl0ZXMsIG5vdCAzMQA=";
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
}

/* A failed check must leave nothing that a caller could take for a result. */
static void case_12_failure_leaves_no_result(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    struct soft_passkey passkey;
    struct tori_attested attested = {.alg = 12345};
    struct tori_proved proved = {.sign_count = 12345};

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    ask.envelope_id = TORI_BYTES_OF(test_challenge);
    assert_fails(try_register(cx, &passkey, &ask, &attested), TORI_ERR_PROOF_MALFORMED);
    assert_int_equal(attested.alg, 12345);
    assert_null(attested.public_key.at);

    ask = honest_ask();
    ask.signed_over = SOFT_SIGNED_SWAPPED;
    struct tori_assertion assertion = soft_assert(cx, &passkey, &ask);
    assert_fails(try_prove(cx, &passkey, &assertion, &proved), TORI_ERR_PROOF_SIGNATURE);
    assert_int_equal(proved.sign_count, 12345);
    assert_null(proved.credential_id.at);
    soft_passkey_free(&passkey);
}

static void expect_origins_refused(struct tori_ctx *cx, const char *const *origin, size_t count)
{
    struct soft_ask ask = honest_ask();

    for (size_t i = 0; i < count; i++) {
        ask.origin = origin[i];
        expect_both(cx, &ask, TORI_ERR_PROOF_ORIGIN);
    }
    ask = honest_ask();
    expect_both(cx, &ask, TORI_ERR_NONE);
}

/* AUTH-06 */
/* WebAuthn L3 §7.1 step 9 */ /* WebAuthn L3 §7.2 step 12 */
static void case_13_origin_by_prefix_or_suffix(void **state)
{
    static const char *const origins[] = {
        "https://auth.mihon.example.evil.example",
        "https://evilauth.mihon.example",
        "https://evil.example/https://auth.mihon.example",
        "https://auth.mihon.example.",
        "https://mihon.example",
        "https://a.auth.mihon.example",
        "https://auth.mihon.exampl",
    };
    expect_origins_refused(*state, origins, sizeof(origins) / sizeof(origins[0]));
}

/* AUTH-06 */
static void case_14_origin_of_another_form(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    static const char *const origins[] = {
        "http://auth.mihon.example",
        "https://auth.mihon.example:443",
        "https://auth.mihon.example:8444",
        "https://AUTH.mihon.example",
        "https://auth.mihon.example/",
        "https://auth.mihon.example.:8443",
        "https://user@auth.mihon.example",
        "https://auth.xn--mihn-jqa.example",
        "https://\xd0\xb0uth.mihon.example", /* a Cyrillic letter */
        " https://auth.mihon.example",
        "null",
        "",
    };

    expect_origins_refused(cx, origins, sizeof(origins) / sizeof(origins[0]));
    ask.client_data = tori_str_bytes(TORI_STR("{\"type\":\"webauthn.get\",\"challenge\":"
                                              "\"YSBjaGFsbGVuZ2Ugb2YgMzIgYnl0ZXMsIG5vdCAzMQA\"}"));
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    ask.client_data = tori_str_bytes(TORI_STR(
        "{\"type\":\"webauthn.get\",\"challenge\":\"YSBjaGFsbGVuZ2Ugb2YgMzIgYnl0ZXMsIG5vdCAzMQA\","
        "\"origin\":[\"https://auth.mihon.example\"]}"));
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
}

/* WebAuthn L3 §7.1 step 10 */ /* WebAuthn L3 §7.2 step 13 */
static void case_15_cross_origin(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();

    ask.more_client_data = ",\"crossOrigin\":true";
    expect_both(cx, &ask, TORI_ERR_PROOF_CROSS_ORIGIN);
    ask.more_client_data = ",\"crossOrigin\":\"true\"";
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    ask.more_client_data = ",\"crossOrigin\":null";
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    ask.more_client_data = ",\"crossOrigin\":false";
    expect_both(cx, &ask, TORI_ERR_NONE);
}

static struct tori_result login_at(struct tori_ctx *cx, const struct tori_rp *rp,
                                   const struct soft_ask *ask)
{
    const struct tori_expected expected = {rp, TORI_BYTES_OF(test_challenge)};
    struct tori_verify_key *key;
    struct soft_passkey passkey;
    struct tori_proved proved;

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    struct tori_assertion assertion = soft_assert(cx, &passkey, ask);
    assert_ok(cx, tori_verify_key_new(cx, soft_cose(cx, &passkey), &key));
    struct tori_result result = tori_webauthn_prove(cx, &expected, &assertion, key, &proved);
    tori_verify_key_free(key);
    soft_passkey_free(&passkey);
    return result;
}

/* WebAuthn L3 §7.1 step 11 */ /* WebAuthn L3 §7.2 step 14 */
static void case_16_top_origin(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    const struct tori_str top[] = {TORI_STR_INIT("https://www.mihon.example")};
    struct tori_rp framed = test_rp;

    ask.more_client_data = ",\"crossOrigin\":true,\"topOrigin\":\"https://www.mihon.example\"";
    expect_both(cx, &ask, TORI_ERR_PROOF_CROSS_ORIGIN);
    framed.cross_origin = true;
    assert_fails(login_at(cx, &framed, &ask), TORI_ERR_PROOF_CROSS_ORIGIN);
    framed.top_origin = top;
    framed.top_origin_count = 1;
    assert_ok(cx, login_at(cx, &framed, &ask));
    ask.more_client_data = ",\"crossOrigin\":true,\"topOrigin\":\"https://www.evil.example\"";
    assert_fails(login_at(cx, &framed, &ask), TORI_ERR_PROOF_CROSS_ORIGIN);
    ask.more_client_data = ",\"crossOrigin\":false,\"topOrigin\":\"https://www.mihon.example\"";
    assert_fails(login_at(cx, &framed, &ask), TORI_ERR_PROOF_CROSS_ORIGIN);
    expect_both(cx, &ask, TORI_ERR_PROOF_CROSS_ORIGIN);
    ask.more_client_data = ",\"topOrigin\":\"https://www.mihon.example\"";
    expect_both(cx, &ask, TORI_ERR_PROOF_CROSS_ORIGIN);
    ask.more_client_data = ",\"crossOrigin\":true,\"topOrigin\":1";
    assert_fails(login_at(cx, &framed, &ask), TORI_ERR_PROOF_MALFORMED);
}

/* Client data around the right members. `inner` stands between the braces. */
static struct tori_bytes client_json(struct tori_ctx *cx, const char *before, const char *inner,
                                     const char *after)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 32 * 1024);

    tori_buf_z(&buf, before);
    tori_buf_z(&buf, "{\"type\":\"webauthn.get\",\"challenge\":"
                     "\"YSBjaGFsbGVuZ2Ugb2YgMzIgYnl0ZXMsIG5vdCAzMQA\","
                     "\"origin\":\"https://auth.mihon.example\"");
    tori_buf_z(&buf, inner);
    tori_buf_z(&buf, "}");
    tori_buf_z(&buf, after);
    return tori_buf_view(&buf);
}

/* WebAuthn L3 §7.1 step 5 */ /* WebAuthn L3 §7.1 step 6 */
/* WebAuthn L3 §7.2 step 8 */ /* WebAuthn L3 §7.2 step 9 */
static void case_18_client_data_json(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    static const char *const parts[][3] = {
        {"", ",\"a\":\"\xff\"", ""},            /* not UTF-8 */
        {"", ",\"a\":\"\xed\xa0\x80\"", ""},    /* a surrogate */
        {"\xef\xbb\xbf\xef\xbb\xbf", "", ""},   /* two marks */
        {"\xff\xfe", "", ""},                   /* another mark */
        {"", ",\"type\":\"webauthn.get\"", ""}, /* duplicate keys */
        {"", ",\"origin\":\"https://evil.example\"", ""},
        {"", ",\"\\u006frigin\":\"https://evil.example\"", ""}, /* the same by an escape */
        {"", "", "{}"},                                         /* trailing tokens */
        {"", "", "x"},
        {"[", "", "]"},                              /* not an object */
        {"", ",\"a\":[[[[[[[[[[[[]]]]]]]]]]]]", ""}, /* too deep */
        {"", ",\"a\":", ""},
    };

    ask.client_data = client_json(cx, "", "", "");
    expect_login(cx, &ask, TORI_ERR_NONE);
    ask.client_data = client_json(cx, "\xef\xbb\xbf", "", ""); /* one mark is dropped */
    expect_login(cx, &ask, TORI_ERR_NONE);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        ask.client_data = client_json(cx, parts[i][0], parts[i][1], parts[i][2]);
        expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    }
    ask.client_data = (struct tori_bytes){test_challenge, 0};
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);

    struct tori_buf bomb = tori_buf_new(cx->arena, 32 * 1024);
    for (int i = 0; i < 20000; i++)
        tori_buf_byte(&bomb, '[');
    ask.client_data = tori_buf_view(&bomb);
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
}

static void case_19_token_binding(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();

    ask.more_client_data = ",\"tokenBinding\":\"present\"";
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    ask.more_client_data = ",\"tokenBinding\":{}";
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    ask.more_client_data = ",\"tokenBinding\":{\"status\":1}";
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    ask.more_client_data = ",\"tokenBinding\":{\"status\":\"supported\"}";
    expect_both(cx, &ask, TORI_ERR_NONE);
    /* It is never trusted: the best binding does not make up for another origin. */
    ask.more_client_data = ",\"tokenBinding\":{\"status\":\"present\",\"id\":\"AQ\"}";
    ask.origin = "https://evil.example";
    expect_both(cx, &ask, TORI_ERR_PROOF_ORIGIN);
}

/* Two users and one login: `answer` is what user B's passkey says. */
struct two_users {
    struct soft_passkey a;
    struct soft_passkey b;
    struct tori_proved answer;
};

static void two_users_begin(struct tori_ctx *cx, struct two_users *two, const struct soft_ask *ask)
{
    soft_passkey_new(cx, TORI_COSE_ES256, &two->a);
    soft_passkey_new(cx, TORI_COSE_ES256, &two->b);
    struct tori_assertion assertion = soft_assert(cx, &two->b, ask);
    assert_ok(cx, try_prove(cx, &two->b, &assertion, &two->answer));
}

static void two_users_end(struct two_users *two)
{
    soft_passkey_free(&two->a);
    soft_passkey_free(&two->b);
}

/* WebAuthn L3 §7.2 step 6 */
static void case_20_credential_of_another_user(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    struct tori_asserted asserted;
    struct two_users two;

    ask.no_user_handle = true; /* with it, the handle alone would give it away */
    two_users_begin(cx, &two, &ask);
    const struct tori_known_credential known_a = known_of(&two.a);
    const struct tori_known_credential known_b = known_of(&two.b);
    const struct tori_claimant as_a = {.user = &two.a.user};
    const struct tori_claimant as_b = {.user = &two.b.user};
    assert_fails(tori_webauthn_accept(cx, &as_a, &known_b, &two.answer, &asserted),
                 TORI_ERR_PROOF_USER);
    assert_fails(tori_webauthn_accept(cx, &as_a, &known_a, &two.answer, &asserted),
                 TORI_ERR_CREDENTIAL_UNKNOWN);
    assert_ok(cx, tori_webauthn_accept(cx, &as_b, &known_b, &two.answer, &asserted));
    two_users_end(&two);
}

static void case_21_user_handle(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    uint8_t handle[33] = {0};

    ask.no_user_handle = true;
    expect_login(cx, &ask, TORI_ERR_PROOF_USER);
    ask.no_user_handle = false;
    ask.user_handle = (struct tori_bytes){handle, 32};
    expect_login(cx, &ask, TORI_ERR_PROOF_USER);
    ask.user_handle = (struct tori_bytes){handle, 0};
    expect_login(cx, &ask, TORI_ERR_PROOF_USER);
    ask.user_handle = (struct tori_bytes){handle, 33};
    expect_login(cx, &ask, TORI_ERR_PROOF_USER);
    ask.user_handle = (struct tori_bytes){0};
    expect_login(cx, &ask, TORI_ERR_NONE);
}

/* The handle of another user, in a step-up that named its user before. */
static void case_21_user_handle_in_a_step_up(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    struct tori_asserted asserted;
    struct two_users two;

    two_users_begin(cx, &two, &ask);
    const struct tori_known_credential known = known_of(&two.b);
    const struct tori_claimant as_b = {.user = &two.b.user};
    assert_ok(cx, tori_webauthn_accept(cx, &as_b, &known, &two.answer, &asserted));
    two.answer.user_handle = TORI_BYTES_OF(two.a.user.at);
    assert_fails(tori_webauthn_accept(cx, &as_b, &known, &two.answer, &asserted),
                 TORI_ERR_PROOF_USER);
    two_users_end(&two);
}

/* WebAuthn L3 §7.2 step 5 */
static void case_22_credential_not_allowed(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    struct tori_asserted asserted;
    struct two_users two;

    two_users_begin(cx, &two, &ask);
    const struct tori_known_credential known = known_of(&two.b);
    const struct tori_bytes others[] = {TORI_BYTES_OF(two.a.credential_id), {known.id.at, 31}};
    const struct tori_bytes own[] = {others[0], known.id};
    struct tori_claimant as_b = {&two.b.user, others, 2};
    assert_fails(tori_webauthn_accept(cx, &as_b, &known, &two.answer, &asserted),
                 TORI_ERR_CREDENTIAL_UNKNOWN);
    as_b.allow = own;
    assert_ok(cx, tori_webauthn_accept(cx, &as_b, &known, &two.answer, &asserted));
    two_users_end(&two);
}

static void case_23_id_and_type_of_the_envelope(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    struct soft_passkey passkey;
    struct tori_proved proved;

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    struct tori_assertion assertion = soft_assert(cx, &passkey, &ask);
    assert_ok(cx, try_prove(cx, &passkey, &assertion, &proved));
    assertion.id = TORI_BYTES_OF(test_challenge);
    assert_fails(try_prove(cx, &passkey, &assertion, &proved), TORI_ERR_PROOF_MALFORMED);
    assertion.id = (struct tori_bytes){0};
    assert_fails(try_prove(cx, &passkey, &assertion, &proved), TORI_ERR_PROOF_MALFORMED);
    soft_passkey_free(&passkey);

    ask.envelope_type = "password";
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    ask.envelope_type = "";
    expect_both(cx, &ask, TORI_ERR_PROOF_MALFORMED);
}

/* WebAuthn L3 §7.1 step 25 */
static void case_25_credential_id_length(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    static const uint8_t id[1024];

    ask.credential_id = (struct tori_bytes){id, 1023};
    expect_register(cx, &ask, TORI_ERR_NONE);
    ask.credential_id = (struct tori_bytes){id, 1024};
    expect_register(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    ask.credential_id = (struct tori_bytes){id, 0};
    expect_register(cx, &ask, TORI_ERR_PROOF_MALFORMED);
    /* A length that points past the end: the last 2 + n bytes are the length and what is there. */
    struct soft_passkey passkey;
    struct tori_attested attested;
    uint8_t data[37 + 16 + 2 + 8] = {0};
    struct tori_hash rp_hash = tori_sha256(tori_str_bytes(test_rp.id));
    memcpy(data, rp_hash.at, sizeof(rp_hash.at));
    data[32] = SOFT_UP | SOFT_UV | SOFT_AT;
    data[37 + 16] = 0xff;
    ask = honest_ask();
    ask.auth_data = TORI_BYTES_OF(data);
    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    assert_fails(try_register(cx, &passkey, &ask, &attested), TORI_ERR_PROOF_MALFORMED);
    soft_passkey_free(&passkey);
}

/* WebAuthn L3 §7.1 step 28 */
static void case_26_key_that_cannot_be_discovered(void **state)
{
    struct tori_ctx *cx = *state;
    const struct tori_expected expected = {&test_rp, TORI_BYTES_OF(test_challenge)};
    struct soft_ask ask = honest_ask();
    struct soft_passkey passkey;
    struct tori_attested attested;
    static const struct {
        const char *extensions;
        tori_err err;
    } cases[] = {
        {"{\"credProps\":{\"rk\":false}}", TORI_ERR_CREDENTIAL_NOT_DISCOVERABLE},
        {"{\"credProps\":{\"rk\":true}}", TORI_ERR_NONE},
        {"{\"credProps\":{}}", TORI_ERR_NONE},
        {"{\"credProps\":1,\"other\":{\"rk\":false}}", TORI_ERR_NONE},
    };

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    struct tori_registration registration = soft_register(cx, &passkey, &ask);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tori_json extensions;
        assert_ok(
            cx, tori_json_parse(cx, tori_str_bytes(tori_str_z(cases[i].extensions)), &extensions));
        registration.extensions = &extensions;
        assert_fails(tori_webauthn_register(cx, &expected, &registration, &attested), cases[i].err);
    }
    soft_passkey_free(&passkey);
    /* Such a key gives no user handle, so it opens no login. */
    ask.no_user_handle = true;
    expect_login(cx, &ask, TORI_ERR_PROOF_USER);
}

static void case_27_credential_out_of_use(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    struct tori_asserted asserted;
    struct two_users two;

    two_users_begin(cx, &two, &ask);
    struct tori_known_credential known = known_of(&two.b);
    const struct tori_claimant anybody = {0};
    assert_ok(cx, tori_webauthn_accept(cx, &anybody, &known, &two.answer, &asserted));
    known.active = false;
    assert_fails(tori_webauthn_accept(cx, &anybody, &known, &two.answer, &asserted),
                 TORI_ERR_CREDENTIAL_INACTIVE);
    two_users_end(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(case_01_type_confusion),
        unit(case_02_challenge_differs),
        unit(case_12_failure_leaves_no_result),
        unit(case_13_origin_by_prefix_or_suffix),
        unit(case_14_origin_of_another_form),
        unit(case_15_cross_origin),
        unit(case_16_top_origin),
        unit(case_18_client_data_json),
        unit(case_19_token_binding),
        unit(case_20_credential_of_another_user),
        unit(case_21_user_handle),
        unit(case_21_user_handle_in_a_step_up),
        unit(case_22_credential_not_allowed),
        unit(case_23_id_and_type_of_the_envelope),
        unit(case_25_credential_id_length),
        unit(case_26_key_that_cannot_be_discovered),
        unit(case_27_credential_out_of_use),
    };
    return tori_unit_run("webauthn_client", tests);
}
