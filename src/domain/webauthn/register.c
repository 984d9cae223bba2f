/* WebAuthn L3 §7.1: registering a new credential. Steps 1 … 4 happen in the browser, with the
 * options that options.c writes; step 26 and step 29 are the service's. */
#include <string.h>

#include "base/hash.h"
#include "domain/webauthn/attest/attest.h"

static struct tori_result check_alg(struct tori_ctx *cx, const struct tori_rp *rp, int64_t alg)
{
    /* WebAuthn L3 §7.1 step 20 */
    for (size_t i = 0; i < rp->alg_count; i++) {
        if (rp->alg[i] == alg)
            return TORI_OK;
    }
    return TORI_FAIL(cx, PROOF_ALGORITHM, tori_i64("alg", alg));
}

static struct tori_result check_credential_id(struct tori_ctx *cx, struct tori_bytes claimed,
                                              struct tori_bytes attested)
{
    /* WebAuthn L3 §7.1 step 25 */
    if (attested.len == 0 || attested.len > TORI_CREDENTIAL_ID_MAX)
        return TORI_FAIL(cx, PROOF_MALFORMED, tori_u64("credential_id", attested.len));
    /* The response names the credential beside the signed data, too: one name only. */
    if (!tori_bytes_eq(claimed, attested))
        return TORI_FAIL(cx, PROOF_MALFORMED, tori_word("why", "id is not the attested one"));
    return TORI_OK;
}

/* The client's own report that the key can not be discovered (WebAuthn L3 §10.1.3). It is not
 * signed, so it proves nothing; but a login without user names would never find such a key. */
static struct tori_result check_discoverable(struct tori_ctx *cx,
                                             const struct tori_json *extensions)
{
    const struct tori_json *props, *rk;

    /* WebAuthn L3 §7.1 step 28: all other extensions are ignored */
    props = extensions == NULL ? NULL : tori_json_get(extensions, TORI_STR("credProps"));
    rk = props == NULL ? NULL : tori_json_get(props, TORI_STR("rk"));
    if (rk != NULL && rk->kind == TORI_JSON_BOOL && rk->number == 0)
        return TORI_FAIL(cx, CREDENTIAL_NOT_DISCOVERABLE);
    return TORI_OK;
}

static struct tori_result assess_attestation(struct tori_ctx *cx, const struct tori_rp *rp,
                                             const struct tori_attestation_object *object,
                                             const struct tori_hash *client_hash,
                                             struct tori_attestation_facts *out)
{
    static const struct tori_attestation_rules strict = {.anchors = NULL};
    struct tori_verify_key *key = NULL;

    TORI_TRY(tori_verify_key_new(cx, object->data.public_key, &key));
    const struct tori_attest_input input = {
        .format = object->format,
        .statement = &object->statement,
        .data = &object->data,
        .client_hash = client_hash,
        .key = key,
        .rules = rp->attestation != NULL ? rp->attestation : &strict,
    };
    /* WebAuthn L3 §7.1 step 22 */
    struct tori_result result = tori_attest_verify(cx, &input, out);
    tori_verify_key_free(key);
    TORI_TRY(result);
    /* WebAuthn L3 §7.1 step 24 */
    if (tori_attestation_worth(out) < rp->least)
        return TORI_FAIL(cx, ATTESTATION_INVALID, tori_word("why", "less than is demanded"));
    return TORI_OK;
}

/* WebAuthn L3 §7.1 step 27: the credential record */
static struct tori_result make_record(struct tori_ctx *cx,
                                      const struct tori_registration *registration,
                                      const struct tori_attestation_object *object,
                                      struct tori_attested *record)
{
    const struct tori_authenticator_data *data = &object->data;

    record->credential_id = data->credential_id;
    memcpy(record->aaguid, data->aaguid, sizeof(record->aaguid));
    record->public_key = data->public_key;
    record->alg = data->alg;
    record->sign_count = data->sign_count;
    record->user_verified = (data->flags & TORI_FLAG_UV) != 0;
    record->backup_eligible = (data->flags & TORI_FLAG_BE) != 0;
    record->backed_up = (data->flags & TORI_FLAG_BS) != 0;
    record->format = object->format;
    return tori_transports_text(cx, registration->response.transports, &record->transports);
}

struct tori_result tori_webauthn_register(struct tori_ctx *cx, const struct tori_expected *expected,
                                          const struct tori_registration *registration,
                                          struct tori_attested *out)
{
    struct tori_bytes client_json = registration->response.client_data;
    struct tori_attestation_object object;
    struct tori_client_data client;
    struct tori_attested record = {0};

    TORI_TRY(
        tori_webauthn_envelope(cx, registration->id, registration->raw_id, registration->type));
    TORI_TRY(tori_client_data_read(cx, client_json, &client));
    TORI_TRY(tori_client_data_check(cx, expected, &client, TORI_STR("webauthn.create")));
    /* WebAuthn L3 §7.1 step 12 */
    struct tori_hash client_hash = tori_sha256(client_json);
    /* WebAuthn L3 §7.1 step 13 */
    TORI_TRY(tori_attestation_object_read(cx, registration->response.attestation_object, &object));
    TORI_TRY(tori_authenticator_data_check(cx, expected->rp, &object.data));
    /* WebAuthn L3 §7.1 step 18 */ /* WebAuthn L3 §7.1 step 19: kept in the record for the policy */
    if ((object.data.flags & TORI_FLAG_AT) == 0)
        return TORI_FAIL(cx, PROOF_MALFORMED, tori_word("why", "no attested credential"));
    TORI_TRY(check_alg(cx, expected->rp, object.data.alg));
    TORI_TRY(assess_attestation(cx, expected->rp, &object, &client_hash, &record.attestation));
    TORI_TRY(check_credential_id(cx, registration->raw_id, object.data.credential_id));
    TORI_TRY(check_discoverable(cx, registration->extensions));
    TORI_TRY(make_record(cx, registration, &object, &record));
    *out = record;
    return TORI_OK;
}
