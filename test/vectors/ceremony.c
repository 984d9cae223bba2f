#include "test/vectors/ceremony.h"

/* Every algorithm that can be verified here; the last for those vectors only that say so. */
static const int64_t algs[] = {
    TORI_COSE_ES256, TORI_COSE_ES384, TORI_COSE_ES512, TORI_COSE_EDDSA, TORI_COSE_ED25519,
    TORI_COSE_ED448, TORI_COSE_RS256, TORI_COSE_RS384, TORI_COSE_RS512, TORI_COSE_PS256,
    TORI_COSE_PS384, TORI_COSE_PS512, TORI_COSE_RS1,
};
enum { ALGS = sizeof(algs) / sizeof(algs[0]) };

bool vectors_depends_on(const json_t *vector, const char *word)
{
    const json_t *value;
    size_t i;

    json_array_foreach(json_object_get(vector, "depends_on"), i, value)
    {
        if (tori_str_eq(tori_str_z(json_string_value(value)), tori_str_z(word)))
            return true;
    }
    return false;
}

static bool option(const json_t *vector, const char *name, bool usual)
{
    const json_t *value = json_object_get(json_object_get(vector, "options"), name);

    return value == NULL ? usual : json_is_true(value);
}

/* The words of `depends_on` and `options`, as the README of the vectors explains them. */
static void read_rules(struct tori_ctx *cx, const json_t *vector, struct vectors_rules *out)
{
    static const struct tori_str conformance[] = {TORI_STR_INIT("FFFFF1D0")};
    struct tori_attestation_rules *rules = &out->rules;

    rules->anchors = out->anchors;
    rules->untrusted = !vectors_flag(vector, "trust_required");
    rules->android_software = vectors_depends_on(vector, "android-key-software-level");
    rules->android_unlisted = !option(vector, "android_key_require_authorization_fields", true);
    rules->u2f_any_aaguid = !option(vector, "u2f_require_zero_aaguid", true);
    rules->safetynet = vectors_depends_on(vector, "format-deprecated");
    rules->safetynet_no_cts = !option(vector, "safetynet_require_cts", true);
    rules->safetynet_any_age = !option(vector, "safetynet_check_timestamp", true);
    rules->tpm_vendor_count = vectors_texts(cx, json_object_get(vector, "options"),
                                            "tpm_accept_manufacturer_ids", &rules->tpm_vendor);
    if (vectors_depends_on(vector, "tpm-manufacturer-fido-conformance")) {
        rules->tpm_vendor = conformance;
        rules->tpm_vendor_count = 1;
    }
}

static struct tori_anchors *read_anchors(struct tori_ctx *cx, const json_t *all,
                                         const json_t *vector)
{
    const json_t *certificates = json_object_get(all, "certificates");
    struct tori_anchor list[8] = {0};
    struct tori_anchors *anchors;
    const struct tori_str *names;
    size_t count = vectors_texts(cx, vector, "trust_anchors", &names);

    assert_true(count <= 8);
    for (size_t i = 0; i < count; i++) {
        list[i].name = names[i];
        list[i].certificate = vectors_b64u(cx, certificates, names[i].at);
    }
    assert_ok(cx, tori_anchors_new(cx, list, count, &anchors));
    return anchors;
}

void vectors_begin(struct tori_ctx *cx, const json_t *all, const json_t *vector,
                   struct vectors_rules *out)
{
    const json_t *clock = json_object_get(vector, "clock");

    memset(out, 0, sizeof(*out));
    cx->now = (tori_time)TORI_UNIT_NOW_S * 1000;
    if (json_is_string(clock))
        assert_true(tori_time_parse(tori_str_z(json_string_value(clock)), &cx->now));
    out->anchors = read_anchors(cx, all, vector);
    read_rules(cx, vector, out);
    if (json_is_null(json_object_get(vector, "client_data_json")))
        return;
    out->rp = (struct tori_rp){
        .id = tori_str_z(json_string_value(json_object_get(vector, "rp_id"))),
        .alg = algs,
        .alg_count = vectors_depends_on(vector, "sha1") ? ALGS : ALGS - 1,
        .uv_optional = !vectors_flag(vector, "uv_required"),
        .cross_origin = vectors_flag(vector, "allow_cross_origin"),
        .attestation = &out->rules,
    };
    out->rp.origin_count = vectors_texts(cx, vector, "origins", &out->rp.origin);
    out->rp.top_origin_count = vectors_texts(cx, vector, "top_origins", &out->rp.top_origin);
}

void vectors_end(struct vectors_rules *rules)
{
    tori_anchors_free(rules->anchors);
}

struct tori_result vectors_register(struct tori_ctx *cx, const struct tori_rp *rp,
                                    const json_t *vector, struct tori_attested *out)
{
    const struct tori_expected expected = {rp, vectors_b64u(cx, vector, "challenge")};
    const struct tori_registration registration = {
        .id = vectors_b64u(cx, vector, "credential_id"),
        .raw_id = vectors_b64u(cx, vector, "credential_id"),
        .type = TORI_STR("public-key"),
        .response = {.client_data = vectors_b64u(cx, vector, "client_data_json"),
                     .attestation_object = vectors_b64u(cx, vector, "attestation_object")},
    };

    return tori_webauthn_register(cx, &expected, &registration, out);
}

struct tori_result vectors_prove(struct tori_ctx *cx, const struct tori_rp *rp,
                                 const json_t *vector, struct tori_proved *out)
{
    const struct tori_expected expected = {rp, vectors_b64u(cx, vector, "challenge")};
    const struct tori_assertion assertion = {
        .id = vectors_b64u(cx, vector, "credential_id"),
        .raw_id = vectors_b64u(cx, vector, "credential_id"),
        .type = TORI_STR("public-key"),
        .response = {.client_data = vectors_b64u(cx, vector, "client_data_json"),
                     .authenticator_data = vectors_b64u(cx, vector, "authenticator_data"),
                     .signature = vectors_b64u(cx, vector, "signature")},
    };
    struct tori_verify_key *key;

    TORI_TRY(tori_verify_key_new(cx, vectors_b64u(cx, vector, "public_key"), &key));
    struct tori_result result = tori_webauthn_prove(cx, &expected, &assertion, key, out);
    tori_verify_key_free(key);
    return result;
}
