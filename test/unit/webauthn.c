/* Honest ceremonies, the wire forms, the options. The negative cases are in webauthn_client.c and
 * webauthn_data.c, by the numbers of the list of cases a relying party must refuse. */
#include "test/unit/webauthn.h"

static const int64_t all_algs[] = {TORI_COSE_ES256, TORI_COSE_EDDSA, TORI_COSE_RS256};

/* WebAuthn L3 §7.1 step 12 */ /* WebAuthn L3 §7.1 step 13 */ /* WebAuthn L3 §7.1 step 22 */
/* WebAuthn L3 §7.1 step 23 */ /* WebAuthn L3 §7.1 step 27 */ /* WebAuthn L3 §7.1 step 18 */
/* WebAuthn L3 §7.1 step 19 */
static void a_registration_makes_a_record(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();

    for (size_t i = 0; i < 3; i++) {
        struct soft_passkey passkey;
        struct tori_attested record;
        soft_passkey_new(cx, all_algs[i], &passkey);
        passkey.sign_count = 41;
        ask.fmt = i == 0 ? "none" : "packed";
        assert_ok(cx, try_register(cx, &passkey, &ask, &record));
        assert_true(tori_bytes_eq(record.credential_id, TORI_BYTES_OF(passkey.credential_id)));
        assert_true(tori_bytes_eq(record.public_key, soft_cose(cx, &passkey)));
        assert_true(tori_bytes_eq(TORI_BYTES_OF(record.aaguid), TORI_BYTES_OF(passkey.aaguid)));
        assert_int_equal(record.alg, all_algs[i]);
        assert_int_equal(record.sign_count, 42);
        assert_true(record.user_verified && record.backup_eligible && record.backed_up);
        assert_text(record.format, ask.fmt);
        assert_int_equal(record.attestation.type,
                         i == 0 ? TORI_ATTESTATION_NONE : TORI_ATTESTATION_SELF);
        assert_text(record.transports, "hybrid,internal");
        soft_passkey_free(&passkey);
    }
}

/* AUTH-09 */
/* WebAuthn L3 §7.2 step 7 */ /* WebAuthn L3 §7.2 step 20 */ /* WebAuthn L3 §7.2 step 21 */
/* WebAuthn L3 §7.2 step 24 */                               /* WebAuthn L3 §7.2 step 25 */
static void a_login_updates_the_record(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();

    for (size_t i = 0; i < 3; i++) {
        struct soft_passkey passkey;
        struct tori_asserted asserted;
        soft_passkey_new(cx, all_algs[i], &passkey);
        passkey.flags = SOFT_UP | SOFT_UV | SOFT_BE;
        passkey.sign_count = 7;
        assert_ok(cx, try_login(cx, &passkey, &ask, &asserted));
        assert_int_equal(asserted.sign_count, 8);
        assert_true(asserted.user_verified);
        assert_false(asserted.backed_up);
        soft_passkey_free(&passkey);
    }
}

static void a_second_listed_origin_is_as_good(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();

    ask.origin = "https://auth.mihon.example:8443";
    expect_both(cx, &ask, TORI_ERR_NONE);
}

static void a_step_up_names_its_user_and_needs_no_handle(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    struct soft_passkey passkey;
    struct tori_proved proved;
    struct tori_asserted asserted;

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    ask.no_user_handle = true;
    struct tori_assertion assertion = soft_assert(cx, &passkey, &ask);
    const struct tori_known_credential known = known_of(&passkey);
    const struct tori_bytes allow[] = {TORI_BYTES_OF(test_challenge), known.id};
    const struct tori_claimant claimant = {&passkey.user, allow, 2};
    assert_ok(cx, try_prove(cx, &passkey, &assertion, &proved));
    assert_ok(cx, tori_webauthn_accept(cx, &claimant, &known, &proved, &asserted));
    soft_passkey_free(&passkey);
}

/* What honest devices and old browsers do, and must not be locked out for. */
/* WebAuthn L3 §7.1 step 28 */ /* WebAuthn L3 §7.2 step 23 */
static void honest_departures_are_accepted(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();

    ask.more_client_data = ",\"tokenBinding\":{\"status\":\"not-supported\"},\"new\":{\"x\":[1]}";
    expect_both(cx, &ask, TORI_ERR_NONE);
    ask = honest_ask();
    ask.more_client_data = ""; /* Level 1 had no crossOrigin */
    expect_both(cx, &ask, TORI_ERR_NONE);
    ask = honest_ask();
    ask.extensions = hex_bytes(cx, "a1 6b6372656450726f74656374 03"); /* credProtect */
    expect_both(cx, &ask, TORI_ERR_NONE);
}

/* The nth allocation fails, for every n: no registration, no login, and nothing is leaked. */
static void without_memory_nothing_passes(void **state)
{
    struct tori_ctx *cx = *state;
    const struct tori_expected expected = {&test_rp, TORI_BYTES_OF(test_challenge)};
    struct soft_ask ask = honest_ask();
    struct soft_passkey passkey;
    struct tori_attested attested;
    struct tori_proved proved;
    struct tori_verify_key *key;
    int failed = 0;

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    ask.fmt = "packed";
    struct tori_registration made = soft_register(cx, &passkey, &ask);
    struct tori_assertion get = soft_assert(cx, &passkey, &ask);
    assert_ok(cx, tori_verify_key_new(cx, soft_cose(cx, &passkey), &key));
    for (unsigned long n = 1; n < 100; n++) {
        tori_alloc_fail_at(n);
        struct tori_result registered = tori_webauthn_register(cx, &expected, &made, &attested);
        tori_alloc_fail_at(n);
        struct tori_result proven = tori_webauthn_prove(cx, &expected, &get, key, &proved);
        tori_alloc_fail_at(0);
        failed += TORI_FAILED(registered) + TORI_FAILED(proven);
        assert_true(n < 60 || (!TORI_FAILED(registered) && !TORI_FAILED(proven)));
    }
    assert_true(failed > 20);
    tori_verify_key_free(key);
    soft_passkey_free(&passkey);
}

struct body {
    struct tori_registration registration;
    struct tori_assertion assertion;
};
static const struct tori_field registration_body[] = {
    TORI_REGISTRATION(struct body, registration),
    TORI_FIELDS_END,
};
static const struct tori_field assertion_body[] = {
    TORI_ASSERTION(struct body, assertion),
    TORI_FIELDS_END,
};

static struct tori_result read_body(struct tori_ctx *cx, const struct tori_field *fields,
                                    const char *name, struct tori_str json, struct body *out)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 64 * 1024);
    struct tori_json body;

    tori_buf_byte(&buf, '{');
    tori_buf_json_str(&buf, tori_str_z(name));
    tori_buf_byte(&buf, ':');
    tori_buf_str(&buf, json);
    tori_buf_byte(&buf, '}');
    TORI_TRY(tori_json_parse(cx, tori_buf_view(&buf), &body));
    return tori_fields_read(cx, fields, &body, out);
}

/* WebAuthn L3 §7.1 step 4 */ /* WebAuthn L3 §7.2 step 4 */
static void the_wire_forms_are_read_back(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_ask ask = honest_ask();
    struct soft_passkey passkey;
    struct body body = {0};

    soft_passkey_new(cx, TORI_COSE_EDDSA, &passkey);
    struct tori_registration reg = soft_register(cx, &passkey, &ask);
    struct tori_assertion get = soft_assert(cx, &passkey, &ask);
    assert_ok(cx, read_body(cx, registration_body, "registration", soft_registration_json(cx, &reg),
                            &body));
    assert_true(tori_bytes_eq(body.registration.raw_id, reg.raw_id));
    assert_true(tori_bytes_eq(body.registration.response.attestation_object,
                              reg.response.attestation_object));
    assert_int_equal(body.registration.response.transports, reg.response.transports);
    assert_non_null(body.registration.extensions);
    assert_ok(cx, read_body(cx, assertion_body, "assertion", soft_assertion_json(cx, &get), &body));
    assert_true(tori_bytes_eq(body.assertion.response.signature, get.response.signature));
    assert_true(tori_bytes_eq(body.assertion.response.user_handle, get.response.user_handle));
    assert_text(body.assertion.attachment, "platform");
    soft_passkey_free(&passkey);
}

/* As some password managers write it: null for what they do not know, transports nobody knows. */
static void the_wire_form_takes_nulls_and_new_members(void **state)
{
    struct tori_ctx *cx = *state;
    struct body body = {0};

    assert_ok(
        cx, read_body(cx, assertion_body, "assertion",
                      TORI_STR("{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":\"public-key\",\"new\":1,"
                               "\"authenticatorAttachment\":null,\"response\":{\"clientDataJSON\":"
                               "\"AQ\",\"authenticatorData\":\"AQ\",\"signature\":\"AQ\","
                               "\"userHandle\":null}}"),
                      &body));
    assert_null(body.assertion.response.user_handle.at);
    assert_ok(
        cx,
        read_body(cx, registration_body, "registration",
                  TORI_STR("{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":\"public-key\","
                           "\"response\":{\"clientDataJSON\":\"AQ\",\"attestationObject\":\"AQ\","
                           "\"transports\":[\"usb\",\"telepathy\"],\"publicKey\":\"AQ\"}}"),
                  &body));
    assert_int_equal(body.registration.response.transports, 1 << 5);
}

/* The structure cases of the FIDO2 server list: absent, of another type, empty. */
/* WebAuthn L3 §7.1 step 3 */ /* WebAuthn L3 §7.2 step 3 */
static void the_wire_form_is_checked(void **state)
{
    struct tori_ctx *cx = *state;
    static const struct {
        const char *json;
        tori_err err;
    } cases[] = {
        {"{\"rawId\":\"AQ\",\"type\":\"t\",\"response\":{}}", TORI_ERR_MISSING_FIELD},
        {"{\"id\":1,\"rawId\":\"AQ\",\"type\":\"t\",\"response\":{}}", TORI_ERR_BAD_FIELD},
        {"{\"id\":\"A=\",\"rawId\":\"AQ\",\"type\":\"t\",\"response\":{}}", TORI_ERR_BAD_FIELD},
        {"{\"id\":\"AQ\",\"rawId\":\"AQ\",\"response\":{}}", TORI_ERR_MISSING_FIELD},
        {"{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":7,\"response\":{}}", TORI_ERR_BAD_FIELD},
        {"{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":\"t\"}", TORI_ERR_MISSING_FIELD},
        {"{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":\"t\",\"response\":[]}", TORI_ERR_BAD_FIELD},
        {"{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":\"t\",\"response\":{\"clientDataJSON\":\"\","
         "\"authenticatorData\":\"AQ\",\"signature\":\"AQ\"}}",
         TORI_ERR_BAD_FIELD},
        {"{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":\"t\",\"response\":{\"clientDataJSON\":\"AQ\","
         "\"authenticatorData\":\"\",\"signature\":\"AQ\"}}",
         TORI_ERR_BAD_FIELD},
        {"{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":\"t\",\"response\":{\"clientDataJSON\":\"AQ\","
         "\"authenticatorData\":\"AQ\"}}",
         TORI_ERR_MISSING_FIELD},
        {"{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":\"t\",\"response\":{\"clientDataJSON\":\"AQ\","
         "\"authenticatorData\":\"AQ\",\"signature\":\"AQ\",\"userHandle\":1}}",
         TORI_ERR_BAD_FIELD},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct body body = {0};
        assert_fails(read_body(cx, assertion_body, "assertion", tori_str_z(cases[i].json), &body),
                     cases[i].err);
    }
}

static void a_configured_origin_is_as_browsers_write_it(void **state)
{
    struct tori_ctx *cx = *state;
    static const struct {
        const char *configured, *rp_id, *becomes; /* NULL: refused */
    } cases[] = {
        {"https://auth.mihon.example", "auth.mihon.example", "https://auth.mihon.example"},
        {"https://auth.mihon.example/", "mihon.example", "https://auth.mihon.example"},
        {"https://auth.mihon.example:8443/", "mihon.example", "https://auth.mihon.example:8443"},
        {"http://torimori.localhost:8080", "torimori.localhost", "http://torimori.localhost:8080"},
        {"http://localhost", "localhost", "http://localhost"},
        {"https://xn--u8jtb.example", "xn--u8jtb.example", "https://xn--u8jtb.example"},
        {"http://auth.mihon.example", "auth.mihon.example", NULL},
        {"http://evillocalhost", "evillocalhost", NULL},
        {"https://auth.mihon.example//", "auth.mihon.example", NULL},
        {"https://auth.mihon.example/login", "auth.mihon.example", NULL},
        {"https://Auth.mihon.example", "auth.mihon.example", NULL},
        {"https://auth.mihon.example:443", "auth.mihon.example", NULL},
        {"http://localhost:80", "localhost", NULL},
        {"https://auth.mihon.example:", "auth.mihon.example", NULL},
        {"https://auth.mihon.example:08443", "auth.mihon.example", NULL},
        {"https://auth.mihon.example:65536", "auth.mihon.example", NULL},
        {"https://auth.mihon.example:1:2", "auth.mihon.example", NULL},
        {"https://a@auth.mihon.example", "auth.mihon.example", NULL},
        {"https://auth.mihon.example.", "auth.mihon.example", NULL},
        {"https://auth..example", "example", NULL},
        {"https://-auth.example", "example", NULL},
        {"https://auth-.example", "example", NULL},
        {"https://みほん.example", "example", NULL},
        {"https://evilmihon.example", "mihon.example", NULL},
        {"https://mihon.example", "auth.mihon.example", NULL},
        {"https://mihon.example", "", NULL},
        {"https://", "", NULL},
        {"ftp://mihon.example", "mihon.example", NULL},
        {"auth.mihon.example", "auth.mihon.example", NULL},
        {"", "auth.mihon.example", NULL},
        {"/", "auth.mihon.example", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tori_str out = {0};
        struct tori_result result = tori_webauthn_origin(cx, tori_str_z(cases[i].configured),
                                                         tori_str_z(cases[i].rp_id), &out);
        if (result.err != (cases[i].becomes == NULL ? TORI_ERR_SETTING_BAD : TORI_ERR_NONE))
            fail_msg("%s: %s", cases[i].configured, tori_err_name(result.err));
        if (cases[i].becomes != NULL)
            assert_text(out, cases[i].becomes);
    }
}

/* WebAuthn L3 §7.1 step 1 */
static void creation_options_ask_for_what_is_required(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_buf buf = tori_buf_new(cx->arena, 4096);
    struct tori_json_out out = {.buf = &buf};
    const struct tori_descriptor known = {tori_str_bytes(TORI_STR("\1\2")),
                                          TORI_STR("hybrid,internal")};
    const struct tori_creation_options options = {
        .rp = &test_rp,
        .challenge = TORI_BYTES_OF(test_challenge),
        .timeout_ms = 120000,
        .user_name = TORI_STR("見本 \"花子\""),
        .user_display_name = TORI_STR("見本 花子"),
        .exclude = &known,
        .exclude_count = 1,
    };

    tori_out_open(&out);
    tori_webauthn_write_creation(&out, "publicKey", &options);
    tori_out_close(&out);
    assert_text(
        tori_buf_text(&buf),
        "{\"publicKey\":{\"rp\":{\"id\":\"auth.mihon.example\",\"name\":\"みほん証券\"},"
        "\"user\":{\"id\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
        "\"name\":\"見本 \\\"花子\\\"\",\"displayName\":\"見本 花子\"},"
        "\"challenge\":\"YSBjaGFsbGVuZ2Ugb2YgMzIgYnl0ZXMsIG5vdCAzMQA\","
        "\"pubKeyCredParams\":[{\"type\":\"public-key\",\"alg\":-7},{\"type\":\"public-key\","
        "\"alg\":-8},"
        "{\"type\":\"public-key\",\"alg\":-257}],\"timeout\":120000,"
        "\"excludeCredentials\":[{\"type\":\"public-key\",\"id\":\"AQI\","
        "\"transports\":[\"hybrid\",\"internal\"]}],"
        "\"authenticatorSelection\":{\"residentKey\":\"required\",\"requireResidentKey\":true,"
        "\"userVerification\":\"required\"},\"attestation\":\"none\",\"extensions\":{\"credProps\":"
        "true}}}");
}

/* WebAuthn L3 §7.2 step 1 */
static void request_options_name_no_user_in_a_login(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_buf buf = tori_buf_new(cx->arena, 4096);
    struct tori_json_out out = {.buf = &buf};
    const struct tori_descriptor allow = {.id = tori_str_bytes(TORI_STR("\1\2"))};
    struct tori_request_options options = {
        .rp = &test_rp, .challenge = TORI_BYTES_OF(test_challenge), .timeout_ms = 120000};

    tori_out_open(&out);
    tori_webauthn_write_request(&out, "login", &options);
    options.allow = &allow;
    options.allow_count = 1;
    tori_webauthn_write_request(&out, "confirm", &options);
    tori_out_close(&out);
    assert_text(tori_buf_text(&buf),
                "{\"login\":{\"challenge\":\"YSBjaGFsbGVuZ2Ugb2YgMzIgYnl0ZXMsIG5vdCAzMQA\","
                "\"timeout\":120000,\"rpId\":\"auth.mihon.example\",\"allowCredentials\":[],"
                "\"userVerification\":\"required\"},"
                "\"confirm\":{\"challenge\":\"YSBjaGFsbGVuZ2Ugb2YgMzIgYnl0ZXMsIG5vdCAzMQA\","
                "\"timeout\":120000,\"rpId\":\"auth.mihon.example\","
                "\"allowCredentials\":[{\"type\":\"public-key\",\"id\":\"AQI\"}],"
                "\"userVerification\":\"required\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(a_registration_makes_a_record),
        unit(a_login_updates_the_record),
        unit(a_second_listed_origin_is_as_good),
        unit(a_step_up_names_its_user_and_needs_no_handle),
        unit(honest_departures_are_accepted),
        unit(without_memory_nothing_passes),
        unit(the_wire_forms_are_read_back),
        unit(the_wire_form_takes_nulls_and_new_members),
        unit(the_wire_form_is_checked),
        unit(a_configured_origin_is_as_browsers_write_it),
        unit(creation_options_ask_for_what_is_required),
        unit(request_options_name_no_user_in_a_login),
    };
    return tori_unit_run("webauthn", tests);
}
