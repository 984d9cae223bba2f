/* Responses of real devices, from the tests of SimpleWebAuthn, with the verdict of those tests.
 * Only what exists here is run: formats none and packed self, algorithms with a row. */
#include "test/vectors/ceremony.h"

enum { LEAST_VECTORS = 57 };

static json_t *vectors;

static const struct {
    const char *reason;
    tori_err err;
} reasons[] = {
    {"challenge-mismatch", TORI_ERR_PROOF_CHALLENGE},
    {"origin-mismatch", TORI_ERR_PROOF_ORIGIN},
    {"rp-id-mismatch", TORI_ERR_PROOF_RP_ID},
    {"counter", TORI_ERR_PROOF_SIGN_COUNT},
};

static tori_err verdict(const json_t *vector)
{
    if (tori_str_eq(vectors_text(vector, "expected"), TORI_STR("accept")))
        return TORI_ERR_NONE;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (tori_str_eq(vectors_text(vector, "reason_code"), tori_str_z(reasons[i].reason)))
            return reasons[i].err;
    }
    fail_msg("no code for %s", json_string_value(json_object_get(vector, "reason_code")));
    return TORI_ERR_INTERNAL;
}

typedef struct tori_result check_fn(struct tori_ctx *cx, const struct tori_rp *rp,
                                    const json_t *vector);

static struct tori_result registers(struct tori_ctx *cx, const struct tori_rp *rp,
                                    const json_t *vector)
{
    struct tori_attested record;

    TORI_TRY(vectors_register(cx, rp, vector, &record));
    assert_int_equal(record.sign_count, json_integer_value(json_object_get(vector, "sign_count")));
    return TORI_OK;
}

/* The record as the vector knows it; it names no user handle. */
static struct tori_result logs_in(struct tori_ctx *cx, const struct tori_rp *rp,
                                  const json_t *vector)
{
    const struct tori_known_credential known = {
        .id = vectors_b64u(cx, vector, "credential_id"),
        .sign_count = json_integer_value(json_object_get(vector, "stored_sign_count")),
        .backup_eligible = vectors_flag(json_object_get(vector, "flags"), "be"),
        .active = true,
    };
    const struct tori_claimant claimant = {.user = &known.user};
    struct tori_proved proved;
    struct tori_asserted asserted;

    TORI_TRY(vectors_prove(cx, rp, vector, &proved));
    return tori_webauthn_accept(cx, &claimant, &known, &proved, &asserted);
}

/* Where a vector allows several RP IDs one of them must do; a relying party of ours has one. */
static struct tori_result try_all_ids(struct tori_ctx *cx, const json_t *vector, check_fn *check)
{
    struct tori_rp rp = vectors_options(cx, vector);
    const struct tori_str *id;
    size_t count = vectors_texts(cx, vector, "rp_ids", &id);
    struct tori_result result = {TORI_ERR_INTERNAL};

    if (count == 0)
        return check(cx, &rp, vector);
    for (size_t i = 0; i < count && result.err != TORI_ERR_NONE; i++) {
        rp.id = id[i];
        result = check(cx, &rp, vector);
    }
    return result;
}

/* Whether everything it needs is there. */
static bool exists(struct tori_ctx *cx, const json_t *vector, bool registration)
{
    int64_t alg = 0;
    size_t used;

    if (!tori_str_eq(vectors_text(vector, "scope"), TORI_STR("ceremony")))
        return false;
    if (registration)
        return vectors_format_exists(vector) &&
               tori_cose_known(json_integer_value(json_object_get(vector, "cose_alg")));
    assert_ok(cx, tori_cose_peek(cx, vectors_b64u(cx, vector, "public_key"), &used, &alg));
    return tori_cose_known(alg);
}

static unsigned check_kind(struct tori_ctx *cx, const char *kind, bool registration)
{
    unsigned run = 0;
    json_t *vector;
    size_t i;

    json_array_foreach(json_object_get(vectors, "vectors"), i, vector)
    {
        if (!tori_str_eq(vectors_text(vector, "kind"), tori_str_z(kind)) ||
            !exists(cx, vector, registration))
            continue;
        struct tori_result result = try_all_ids(cx, vector, registration ? registers : logs_in);
        if (result.err != verdict(vector))
            fail_msg("%s: %s, not %s", json_string_value(json_object_get(vector, "name")),
                     tori_err_name(result.err), tori_err_name(verdict(vector)));
        run++;
    }
    print_message("%s: %u vectors, all as their owner has them\n", kind, run);
    return run;
}

static void registrations(void **state)
{
    assert_true(json_array_size(json_object_get(vectors, "vectors")) >= LEAST_VECTORS);
    assert_true(check_kind(*state, "registration", true) >= 12);
}

static void authentications(void **state)
{
    assert_true(check_kind(*state, "authentication", false) >= 12);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        unit(registrations),
        unit(authentications),
    };

    if (!vectors_load(argc == 2 ? argv[1] : ".", "simplewebauthn.json", &vectors))
        return VECTORS_SKIPPED;
    if (!tori_str_eq(vectors_text(vectors, "schema"), TORI_STR("webauthn-vectors/1")))
        return 1;
    int failed = tori_unit_run("simplewebauthn", tests);
    json_decref(vectors);
    return failed;
}
