/* The vectors of WebAuthn Level 3, with the options each names and with the product's own. */
#include "test/vectors/ceremony.h"

enum { OF_EACH_KIND = 15 };

static json_t *vectors;

/* What the vectors came to. */
struct verdicts {
    unsigned accepted;
    unsigned trusted;
    unsigned refused; /* by the product's own options */
};

/* The same relying party as the product would set it up: no anchors, no exceptions. */
static struct tori_rp product_of(const struct tori_rp *rp)
{
    struct tori_rp product = *rp;

    product.uv_optional = false;
    product.cross_origin = false;
    product.top_origin_count = 0;
    product.alg = tori_webauthn_algs;
    product.alg_count = TORI_WEBAUTHN_ALGS;
    product.attestation = NULL;
    return product;
}

static void expect(const json_t *vector, struct tori_result result, tori_err err)
{
    if (result.err != err)
        fail_msg("%s: %s, not %s", json_string_value(json_object_get(vector, "name")),
                 tori_err_name(result.err), tori_err_name(err));
}

static bool is_usual(int64_t alg)
{
    return alg == TORI_COSE_ES256 || alg == TORI_COSE_EDDSA || alg == TORI_COSE_RS256;
}

/* Under the product's own options a vector passes only if nothing it needs had to be allowed; the
 * first of these to be missing is what it says. */
static tori_err product_verdict(const json_t *vector, bool registration)
{
    int64_t alg = json_integer_value(json_object_get(vector, "cose_alg"));

    if (vectors_flag(vector, "allow_cross_origin"))
        return TORI_ERR_PROOF_CROSS_ORIGIN;
    if (!vectors_flag(json_object_get(vector, "flags"), "uv"))
        return TORI_ERR_PROOF_UV;
    if (!registration)
        return TORI_ERR_NONE;
    if (!is_usual(alg))
        return TORI_ERR_PROOF_ALGORITHM;
    if (json_object_get(vector, "options") != NULL)
        return TORI_ERR_ATTESTATION_INVALID;
    return vectors_flag(vector, "trust_required") ? TORI_ERR_ATTESTATION_UNTRUSTED : TORI_ERR_NONE;
}

static void check_record(struct tori_ctx *cx, const json_t *vector,
                         const struct tori_attested *record)
{
    const json_t *flags = json_object_get(vector, "flags");
    const json_t *anchor = json_array_get(json_object_get(vector, "trust_anchors"), 0);

    assert_true(tori_bytes_eq(record->public_key, vectors_b64u(cx, vector, "public_key")));
    assert_true(tori_bytes_eq(TORI_BYTES_OF(record->aaguid), vectors_hex(cx, vector, "aaguid")));
    assert_int_equal(record->alg, json_integer_value(json_object_get(vector, "cose_alg")));
    assert_int_equal(record->user_verified, vectors_flag(flags, "uv"));
    assert_int_equal(record->backup_eligible, vectors_flag(flags, "be"));
    assert_int_equal(record->backed_up, vectors_flag(flags, "bs"));
    assert_int_equal(record->attestation.trusted, vectors_flag(vector, "trust_required"));
    if (record->attestation.trusted)
        assert_text(record->attestation.anchor, json_string_value(anchor));
}

static void check_registration(struct tori_ctx *cx, const json_t *vector, struct verdicts *seen)
{
    struct vectors_rules rules;
    struct tori_attested record;

    vectors_begin(cx, vectors, vector, &rules);
    struct tori_rp product = product_of(&rules.rp);
    expect(vector, vectors_register(cx, &rules.rp, vector, &record), TORI_ERR_NONE);
    check_record(cx, vector, &record);
    seen->accepted++;
    seen->trusted += record.attestation.trusted;
    tori_err due = product_verdict(vector, true);
    expect(vector, vectors_register(cx, &product, vector, &record), due);
    seen->refused += due != TORI_ERR_NONE;
    print_message("%s: accepted; by the product's own options: %s\n",
                  json_string_value(json_object_get(vector, "name")), tori_err_name(due));
    vectors_end(&rules);
}

static void check_login(struct tori_ctx *cx, const json_t *vector, struct verdicts *seen)
{
    struct vectors_rules rules;
    struct tori_proved proved;

    vectors_begin(cx, vectors, vector, &rules);
    struct tori_rp product = product_of(&rules.rp);
    expect(vector, vectors_prove(cx, &rules.rp, vector, &proved), TORI_ERR_NONE);
    seen->accepted++;
    tori_err due = product_verdict(vector, false);
    expect(vector, vectors_prove(cx, &product, vector, &proved), due);
    seen->refused += due != TORI_ERR_NONE;
    print_message("%s: accepted; by the product's own options: %s\n",
                  json_string_value(json_object_get(vector, "name")), tori_err_name(due));
    vectors_end(&rules);
}

static struct verdicts check_all(struct tori_ctx *cx, const char *kind,
                                 void (*check)(struct tori_ctx *, const json_t *,
                                               struct verdicts *))
{
    struct verdicts seen = {0};
    json_t *vector;
    size_t i;

    json_array_foreach(json_object_get(vectors, "vectors"), i, vector)
    {
        if (!tori_str_eq(vectors_text(vector, "kind"), tori_str_z(kind)))
            continue;
        assert_true(tori_str_eq(vectors_text(vector, "expected"), TORI_STR("accept")));
        check(cx, vector, &seen);
    }
    print_message("%s: %u accepted, %u of them by an anchor; by the product's own options %u are "
                  "refused\n",
                  kind, seen.accepted, seen.trusted, seen.refused);
    assert_true(seen.accepted >= OF_EACH_KIND);
    return seen;
}

/* AUTH-08 */
static void registrations(void **state)
{
    struct verdicts seen = check_all(*state, "registration", check_registration);

    assert_true(seen.trusted >= 10 && seen.refused > 0);
}

/* AUTH-08 */
static void authentications(void **state)
{
    assert_true(check_all(*state, "authentication", check_login).refused > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        unit(registrations),
        unit(authentications),
    };

    if (!vectors_load(argc == 2 ? argv[1] : ".", "w3c-l3.json", &vectors))
        return VECTORS_SKIPPED;
    if (!tori_str_eq(vectors_text(vectors, "schema"), TORI_STR("webauthn-vectors/1")))
        return 1;
    int failed = tori_unit_run("w3c", tests);
    json_decref(vectors);
    return failed;
}
