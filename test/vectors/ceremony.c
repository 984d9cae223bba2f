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

struct tori_rp vectors_options(struct tori_ctx *cx, const json_t *vector)
{
    struct tori_rp rp = {
        .id = vectors_text(vector, "rp_id"),
        .alg = algs,
        .alg_count = vectors_depends_on(vector, "sha1") ? ALGS : ALGS - 1,
        .uv_optional = !vectors_flag(vector, "uv_required"),
        .cross_origin = vectors_flag(vector, "allow_cross_origin"),
    };
    rp.origin_count = vectors_texts(cx, vector, "origins", &rp.origin);
    rp.top_origin_count = vectors_texts(cx, vector, "top_origins", &rp.top_origin);
    assert_true(rp.origin_count > 0);
    return rp;
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

bool vectors_format_exists(const json_t *vector)
{
    struct tori_str format = vectors_text(vector, "format");
    int64_t certificates = json_integer_value(json_object_get(vector, "x5c_count"));

    return certificates == 0 &&
           (tori_str_eq(format, TORI_STR("none")) || tori_str_eq(format, TORI_STR("packed")));
}
