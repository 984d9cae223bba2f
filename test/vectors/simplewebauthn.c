/* Responses of real devices, from the tests of SimpleWebAuthn, with the verdict of those tests, at
 * the time each of them names. */
#include "test/vectors/ceremony.h"

#include "domain/webauthn/webauthn_int.h"

enum { LEAST_REGISTRATIONS = 42, LEAST_AUTHENTICATIONS = 14 };

static json_t *vectors;

static const struct {
    const char *reason;
    tori_err err;
} reasons[] = {
    {"challenge-mismatch", TORI_ERR_PROOF_CHALLENGE},
    {"origin-mismatch", TORI_ERR_PROOF_ORIGIN},
    {"rp-id-mismatch", TORI_ERR_PROOF_RP_ID},
    {"counter", TORI_ERR_PROOF_SIGN_COUNT},
    {"aaguid-extension-mismatch", TORI_ERR_ATTESTATION_INVALID},
    {"safetynet-cts", TORI_ERR_ATTESTATION_INVALID},
    {"safetynet-timestamp", TORI_ERR_ATTESTATION_INVALID},
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

/* The outer structure only: there is no client data. */
static struct tori_result decodes(struct tori_ctx *cx, const struct tori_rp *rp,
                                  const json_t *vector)
{
    struct tori_attestation_object object;

    (void)rp;
    TORI_TRY(
        tori_attestation_object_read(cx, vectors_b64u(cx, vector, "attestation_object"), &object));
    assert_true(tori_str_eq(object.format, vectors_text(vector, "format")));
    assert_true(tori_bytes_eq(object.data.public_key, vectors_b64u(cx, vector, "public_key")));
    return TORI_OK;
}

static check_fn *check_of(const json_t *vector)
{
    if (tori_str_eq(vectors_text(vector, "scope"), TORI_STR("decode")))
        return decodes;
    if (tori_str_eq(vectors_text(vector, "kind"), TORI_STR("registration")))
        return registers;
    return logs_in;
}

/* Where a vector allows several RP IDs one of them must do; a relying party of ours has one. */
static struct tori_result try_all_ids(struct tori_ctx *cx, struct tori_rp *rp, const json_t *vector)
{
    const struct tori_str *id;
    size_t count = vectors_texts(cx, vector, "rp_ids", &id);
    struct tori_result result = {TORI_ERR_INTERNAL};
    check_fn *check = check_of(vector);

    if (count == 0)
        return check(cx, rp, vector);
    for (size_t i = 0; i < count && result.err != TORI_ERR_NONE; i++) {
        rp->id = id[i];
        result = check(cx, rp, vector);
    }
    return result;
}

/* True when the verdict is the owner's. */
static bool check_vector(struct tori_ctx *cx, const json_t *vector)
{
    const char *name = json_string_value(json_object_get(vector, "name"));
    struct vectors_rules rules;

    vectors_begin(cx, vectors, vector, &rules);
    struct tori_result result = try_all_ids(cx, &rules.rp, vector);
    vectors_end(&rules);
    bool right = result.err == verdict(vector);
    if (right)
        print_message("%s: %s\n", name, tori_err_name(result.err));
    else
        print_error("%s: %s, not %s\n", name, tori_err_name(result.err),
                    tori_err_name(verdict(vector)));
    if (!right)
        tori_unit_tell(&cx->failure);
    return right;
}

static bool is_scored(const json_t *vector)
{
    return !json_is_false(json_object_get(vector, "scored"));
}

static void check_kind(struct tori_ctx *cx, const char *kind, unsigned least)
{
    unsigned run = 0, wrong = 0;
    json_t *vector;
    size_t i;

    json_array_foreach(json_object_get(vectors, "vectors"), i, vector)
    {
        if (!tori_str_eq(vectors_text(vector, "kind"), tori_str_z(kind)) || !is_scored(vector))
            continue;
        wrong += !check_vector(cx, vector);
        run++;
    }
    print_message("%s: %u vectors, %u not as their owner has them\n", kind, run, wrong);
    assert_int_equal(wrong, 0);
    assert_true(run >= least);
}

static void registrations(void **state)
{
    check_kind(*state, "registration", LEAST_REGISTRATIONS);
}

static void authentications(void **state)
{
    check_kind(*state, "authentication", LEAST_AUTHENTICATIONS);
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
