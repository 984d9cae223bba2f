/* The vectors of WebAuthn Level 3, with the options each names and with the product's own. */
#include "test/vectors/ceremony.h"

enum { LEAST_OF_EACH_KIND = 15 };

static json_t *vectors;

/* What one vector shall come to. */
struct verdicts {
    unsigned accepted;
    unsigned without_uv;
    unsigned cross_origin;
    unsigned other_format;
    unsigned other_algorithm;
};

/* The same relying party as the product would set it up. */
static struct tori_rp product_of(const struct tori_rp *rp)
{
    struct tori_rp product = *rp;

    product.uv_optional = false;
    product.cross_origin = false;
    product.top_origin_count = 0;
    return product;
}

static void expect(const json_t *vector, struct tori_result result, tori_err err)
{
    if (result.err != err)
        fail_msg("%s: %s, not %s", json_string_value(json_object_get(vector, "name")),
                 tori_err_name(result.err), tori_err_name(err));
}

/* Under the product's own options a vector passes only if nothing it needs had to be allowed. */
static tori_err product_verdict(const json_t *vector, struct verdicts *seen)
{
    if (vectors_flag(vector, "allow_cross_origin")) {
        seen->cross_origin++;
        return TORI_ERR_PROOF_CROSS_ORIGIN;
    }
    if (!vectors_flag(json_object_get(vector, "flags"), "uv")) {
        seen->without_uv++;
        return TORI_ERR_PROOF_UV;
    }
    return TORI_ERR_NONE;
}

static void check_record(struct tori_ctx *cx, const json_t *vector,
                         const struct tori_attested *record)
{
    const json_t *flags = json_object_get(vector, "flags");

    assert_true(tori_bytes_eq(record->public_key, vectors_b64u(cx, vector, "public_key")));
    assert_true(tori_bytes_eq(TORI_BYTES_OF(record->aaguid), vectors_hex(cx, vector, "aaguid")));
    assert_int_equal(record->alg, json_integer_value(json_object_get(vector, "cose_alg")));
    assert_int_equal(record->user_verified, vectors_flag(flags, "uv"));
    assert_int_equal(record->backup_eligible, vectors_flag(flags, "be"));
    assert_int_equal(record->backed_up, vectors_flag(flags, "bs"));
}

static void check_registration(struct tori_ctx *cx, const json_t *vector, struct verdicts *seen)
{
    struct tori_rp rp = vectors_options(cx, vector);
    struct tori_rp product = product_of(&rp);
    struct tori_attested record;

    if (!tori_cose_known(json_integer_value(json_object_get(vector, "cose_alg")))) {
        seen->other_algorithm++;
        expect(vector, vectors_register(cx, &rp, vector, &record), TORI_ERR_PROOF_ALGORITHM);
        return;
    }
    if (!vectors_format_exists(vector)) {
        seen->other_format++;
        expect(vector, vectors_register(cx, &rp, vector, &record), TORI_ERR_ATTESTATION_FORMAT);
        return;
    }
    seen->accepted++;
    assert_ok(cx, vectors_register(cx, &rp, vector, &record));
    check_record(cx, vector, &record);
    expect(vector, vectors_register(cx, &product, vector, &record), product_verdict(vector, seen));
}

static void check_login(struct tori_ctx *cx, const json_t *vector, struct verdicts *seen)
{
    struct tori_rp rp = vectors_options(cx, vector);
    struct tori_rp product = product_of(&rp);
    struct tori_proved proved;
    int64_t alg;
    size_t used;

    assert_ok(cx, tori_cose_peek(cx, vectors_b64u(cx, vector, "public_key"), &used, &alg));
    if (!tori_cose_known(alg)) {
        seen->other_algorithm++;
        expect(vector, vectors_prove(cx, &rp, vector, &proved), TORI_ERR_PROOF_ALGORITHM);
        return;
    }
    seen->accepted++;
    assert_ok(cx, vectors_prove(cx, &rp, vector, &proved));
    expect(vector, vectors_prove(cx, &product, vector, &proved), product_verdict(vector, seen));
}

static struct verdicts check_all(struct tori_ctx *cx, const char *kind,
                                 void (*check)(struct tori_ctx *, const json_t *,
                                               struct verdicts *))
{
    struct verdicts seen = {0};
    unsigned count = 0;
    json_t *vector;
    size_t i;

    json_array_foreach(json_object_get(vectors, "vectors"), i, vector)
    {
        if (!tori_str_eq(vectors_text(vector, "kind"), tori_str_z(kind)))
            continue;
        assert_true(tori_str_eq(vectors_text(vector, "expected"), TORI_STR("accept")));
        check(cx, vector, &seen);
        count++;
    }
    assert_true(count >= LEAST_OF_EACH_KIND);
    print_message(
        "%s: %u vectors, %u accepted with the options they name; of other formats %u, of other "
        "algorithms %u, all refused; refused by the product's options: without UV %u, "
        "cross-origin %u\n",
        kind, count, seen.accepted, seen.other_format, seen.other_algorithm, seen.without_uv,
        seen.cross_origin);
    return seen;
}

/* AUTH-08 */
static void registrations(void **state)
{
    struct verdicts seen = check_all(*state, "registration", check_registration);

    assert_true(seen.accepted >= 5 && seen.without_uv > 0 && seen.cross_origin > 0);
}

/* AUTH-08 */
static void authentications(void **state)
{
    struct verdicts seen = check_all(*state, "authentication", check_login);

    assert_true(seen.accepted >= 12 && seen.without_uv > 0 && seen.cross_origin > 0);
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
