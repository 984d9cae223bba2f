/* WebAuthn L3 §7.2: verifying an assertion, in two halves. Steps 1 … 4 happen in the browser. */
#include "base/hash.h"
#include "domain/webauthn/webauthn_int.h"

static struct tori_result verify_signature(struct tori_ctx *cx,
                                           const struct tori_assertion *assertion,
                                           const struct tori_verify_key *key)
{
    struct tori_bytes message = {0};

    /* WebAuthn L3 §7.2 step 20 */
    struct tori_hash client_hash = tori_sha256(assertion->response.client_data);
    /* WebAuthn L3 §7.2 step 21 */
    TORI_TRY(tori_webauthn_signed_bytes(cx, assertion->response.authenticator_data, &client_hash,
                                        &message));
    return tori_verify(cx, key, message, assertion->response.signature);
}

struct tori_result tori_webauthn_prove(struct tori_ctx *cx, const struct tori_expected *expected,
                                       const struct tori_assertion *assertion,
                                       const struct tori_verify_key *key, struct tori_proved *out)
{
    /* WebAuthn L3 §7.2 step 7 */
    struct tori_bytes client_json = assertion->response.client_data;
    struct tori_bytes raw = assertion->response.authenticator_data;
    struct tori_authenticator_data data;
    struct tori_client_data client;

    TORI_TRY(tori_webauthn_envelope(cx, assertion->id, assertion->raw_id, assertion->type));
    TORI_TRY(tori_client_data_read(cx, client_json, &client));
    TORI_TRY(tori_client_data_check(cx, expected, &client, TORI_STR("webauthn.get")));
    TORI_TRY(tori_authenticator_data_read(cx, raw, &data));
    TORI_TRY(tori_authenticator_data_check(cx, expected->rp, &data));
    /* WebAuthn L3 §6.1: an assertion carries no attested credential */
    if ((data.flags & TORI_FLAG_AT) != 0)
        return TORI_FAIL(cx, PROOF_MALFORMED,
                         tori_word("why", "attested credential in an assertion"));
    TORI_TRY(verify_signature(cx, assertion, key));
    /* WebAuthn L3 §7.2 step 23: extensions are read for their form and otherwise ignored */
    *out = (struct tori_proved){
        .credential_id = assertion->raw_id,
        .user_handle = assertion->response.user_handle,
        .sign_count = data.sign_count,
        .user_verified = (data.flags & TORI_FLAG_UV) != 0,
        .backup_eligible = (data.flags & TORI_FLAG_BE) != 0,
        .backed_up = (data.flags & TORI_FLAG_BS) != 0,
    };
    return TORI_OK;
}

static bool is_allowed(const struct tori_claimant *claimant, struct tori_bytes id)
{
    for (size_t i = 0; i < claimant->allow_count; i++) {
        if (tori_bytes_eq(claimant->allow[i], id))
            return true;
    }
    return claimant->allow_count == 0;
}

static bool is_handle(struct tori_bytes claimed, const struct tori_user_handle *handle)
{
    return tori_bytes_eq(claimed, TORI_BYTES_OF(handle->at));
}

static struct tori_result check_user(struct tori_ctx *cx, const struct tori_claimant *claimant,
                                     const struct tori_known_credential *known,
                                     const struct tori_proved *proved)
{
    bool present = proved->user_handle.at != NULL;

    /* WebAuthn L3 §7.2 step 6: a user named before owns the credential … */
    if (claimant->user != NULL && !is_handle(TORI_BYTES_OF(known->user.at), claimant->user))
        return TORI_FAIL(cx, PROOF_USER, tori_word("why", "another user's credential"));
    /* … and a user not named before names himself by his handle. */
    if (claimant->user == NULL && !present)
        return TORI_FAIL(cx, PROOF_USER, tori_word("why", "no user handle"));
    if (present && !is_handle(proved->user_handle, &known->user))
        return TORI_FAIL(cx, PROOF_USER, tori_word("why", "another user handle"));
    return TORI_OK;
}

static struct tori_result check_record(struct tori_ctx *cx,
                                       const struct tori_known_credential *known,
                                       const struct tori_proved *proved)
{
    if (!known->active)
        return TORI_FAIL(cx, CREDENTIAL_INACTIVE, tori_hex("credential", known->id));
    /* WebAuthn L3 §7.2 step 19 */
    if (proved->backup_eligible != known->backup_eligible)
        return TORI_FAIL(cx, PROOF_BACKUP_CHANGED, tori_hex("credential", known->id));
    /* WebAuthn L3 §7.2 step 22: a counter that does not rise means two copies, or a broken
     * authenticator; neither may move assets. */
    if ((proved->sign_count != 0 || known->sign_count != 0) &&
        proved->sign_count <= known->sign_count)
        return TORI_FAIL(cx, PROOF_SIGN_COUNT, tori_i64("stored", known->sign_count),
                         tori_i64("got", proved->sign_count));
    return TORI_OK;
}

struct tori_result tori_webauthn_accept(struct tori_ctx *cx, const struct tori_claimant *claimant,
                                        const struct tori_known_credential *known,
                                        const struct tori_proved *proved, struct tori_asserted *out)
{
    if (!tori_bytes_eq(known->id, proved->credential_id))
        return TORI_FAIL(cx, CREDENTIAL_UNKNOWN);
    /* WebAuthn L3 §7.2 step 5 */
    if (!is_allowed(claimant, proved->credential_id))
        return TORI_FAIL(cx, CREDENTIAL_UNKNOWN, tori_word("why", "not asked for"));
    TORI_TRY(check_user(cx, claimant, known, proved));
    TORI_TRY(check_record(cx, known, proved));
    /* WebAuthn L3 §7.2 step 24 */ /* WebAuthn L3 §7.2 step 25 */
    *out = (struct tori_asserted){
        .sign_count = proved->sign_count,
        .user_verified = proved->user_verified,
        .backed_up = proved->backed_up,
    };
    return TORI_OK;
}
