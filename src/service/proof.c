#include "service/proof.h"

#include "base/hash.h"
#include "service/approval.h"
#include "service/credential.h"
#include "service/notice.h"
#include "service/operation.h"

static TORI_RESULT verify(struct tori_ctx *cx, struct tori_visit_proof *proof)
{
    TORI_TRY(
        tori_webauthn_challenge_of(cx, proof->assertion.response.client_data, &proof->challenge));
    TORI_TRY(tori_facts_credential(cx, proof->assertion.raw_id, &proof->credential));
    struct tori_expected expected = {&tori_realm_of(cx)->rp, proof->challenge};
    struct tori_result r = tori_webauthn_prove(cx, &expected, &proof->assertion,
                                               proof->credential.key, &proof->proved);
    tori_verify_key_free(proof->credential.key);
    proof->credential.key = NULL;
    return r;
}

static bool is_about_the_proof(tori_err err)
{
    return tori_err_status(err) < 500 && err != TORI_ERR_NOT_FOUND;
}

struct tori_result tori_proof_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_visit_proof *proof = in;

    TORI_TRY(tori_path_id(cx, 0, TORI_ERR_INTERACTION_UNKNOWN, &proof->visit));
    TORI_TRY(tori_session_claim_read(cx, &proof->claim));
    cx->route = (struct tori_id){{0}};
    struct tori_result r = verify(cx, proof);
    if (TORI_FAILED(r) && !is_about_the_proof(r.err))
        return r;
    proof->err = r.err;
    proof->failure = cx->failure;
    /* The visit knows its customer, but for a login: there the credential tells. */
    r = tori_facts_route(cx, &proof->visit, &cx->route);
    if (TORI_FAILED(r) && r.err != TORI_ERR_NOT_FOUND)
        return r;
    if (tori_id_is_none(&cx->route) && cx->caller->listener != TORI_LISTENER_OPERATOR)
        cx->route = proof->credential.customer_id;
    return TORI_OK;
}

/* The challenge is gone, whatever came of it. */
static TORI_RESULT use_up(struct tori_ctx *cx, struct tori_lobby_visit *visit)
{
    visit->nonce = (struct tori_hash){{0}};
    if (visit->purpose != TORI_PURPOSE_CONFIRM)
        return TORI_OK;
    return tori_operation_spoil_challenge(cx, tori_visit_aggregate(cx, visit),
                                          &visit->operation_id);
}

static TORI_RESULT check_challenge(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                                   const struct tori_visit_proof *proof)
{
    struct tori_hash expected;

    TORI_TRY(tori_visit_expected(cx, visit, &expected));
    /* WebAuthn L3 §7.2 step 12 */
    if (!tori_bytes_eq(proof->challenge, tori_hash_bytes(&expected)))
        return TORI_FAIL(cx, PROOF_CHALLENGE);
    return TORI_OK;
}

/* The record of the credential, and the user it belongs to: of this customer, or an operator. */
static TORI_RESULT find_record(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                               const struct tori_visit_proof *proof,
                               const struct tori_credential **out)
{
    const struct tori_aggregate *agg = tori_visit_aggregate(cx, visit);

    *out = tori_id_eq(&proof->credential.customer_id, &agg->customer_id)
               ? tori_credential_find(agg, &proof->credential.id)
               : NULL;
    if (*out == NULL)
        return TORI_FAIL(cx, CREDENTIAL_UNKNOWN);
    const struct tori_user *user = tori_user_find(agg, &(*out)->user_id);
    if (user == NULL || user->state >= TORI_OVER)
        return TORI_FAIL(cx, CREDENTIAL_INACTIVE);
    return TORI_OK;
}

static TORI_RESULT accept(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                          const struct tori_visit_proof *proof, const struct tori_credential *row)
{
    struct tori_aggregate *agg = tori_visit_aggregate(cx, visit);
    const struct tori_user *named = tori_user_find(agg, &visit->user_id);
    struct tori_claimant claimant = {.user = named == NULL ? NULL : &named->handle};
    struct tori_known_credential known = {
        .id = row->credential_id,
        .user = tori_user_find(agg, &row->user_id)->handle,
        .sign_count = row->sign_count,
        .backup_eligible = row->backup_eligible,
        .active = row->state == TORI_CREDENTIAL_ACTIVE,
    };
    struct tori_asserted asserted;

    if (named != NULL && !tori_id_eq(&named->id, &row->user_id))
        return TORI_FAIL(cx, PROOF_USER);
    TORI_TRY(tori_webauthn_accept(cx, &claimant, &known, &proof->proved, &asserted));
    struct tori_credential next = *row;
    next.sign_count = asserted.sign_count;
    next.backed_up = asserted.backed_up;
    next.last_used_at = cx->now;
    return tori_credential_put(cx, agg, &next);
}

struct tori_result tori_proof_record(struct tori_ctx *cx, struct tori_record *record,
                                     const struct tori_visit_proof *proof)
{
    TORI_TRY(tori_journal_body(cx, record, "client_data", proof->assertion.response.client_data));
    TORI_TRY(tori_journal_body(cx, record, "authenticator_data",
                               proof->assertion.response.authenticator_data));
    return tori_journal_body(cx, record, "signature", proof->assertion.response.signature);
}

static TORI_RESULT tell_login(struct tori_ctx *cx, struct tori_aggregate *agg,
                              const struct tori_session *session)
{
    const struct tori_channel *channel = tori_channel_by_id(cx, &session->channel_id);
    struct tori_notify_param param[] = {
        tori_notify_time("time", cx->now),
        tori_notify_text("channel", channel == NULL ? cx->app->firm_name[cx->lang] : channel->name),
        tori_notice_device(cx),
        TORI_NOTIFY_END,
    };
    struct tori_tell tell = {
        .agg = agg,
        .user = tori_user_find(agg, &session->user_id),
        .template = "login",
        .param = param,
        .session_id = session->id,
        .credential_id = session->credential_id,
    };
    return tori_notice_tell(cx, &tell);
}

static TORI_RESULT record_login(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                                const struct tori_visit_proof *proof,
                                const struct tori_session *session)
{
    struct tori_bytes canonical;
    struct tori_record record;

    TORI_TRY(tori_visit_login_canonical(cx, visit, &canonical));
    tori_journal_begin(cx, "session.opened", &record);
    tori_out_id(&record.entry.out, "session", &session->id);
    tori_out_id(&record.entry.out, "operation", &visit->operation_id);
    tori_out_id(&record.entry.out, "channel", &visit->channel_id);
    tori_out_id(&record.entry.out, "user", &session->user_id);
    tori_out_id(&record.entry.out, "credential", &session->credential_id);
    tori_out_word(&record.entry.out, "acr", "phr");
    tori_out_int(&record.entry.out, "factors", session->factors);
    tori_out_hex(&record.entry.out, "nonce", tori_hash_bytes(&visit->nonce));
    TORI_TRY(tori_journal_body(cx, &record, "canonical", canonical));
    TORI_TRY(tori_proof_record(cx, &record, proof));
    return tori_journal_end(cx, &record, NULL);
}

static TORI_RESULT log_in(struct tori_ctx *cx, struct tori_lobby_visit *visit,
                          const struct tori_visit_proof *proof, struct tori_reply *out)
{
    struct tori_aggregate *agg = tori_visit_aggregate(cx, visit);
    const struct tori_credential *credential;
    struct tori_session session = {.credential_id = proof->credential.id,
                                   .channel_id = visit->channel_id};

    TORI_TRY(find_record(cx, visit, proof, &credential));
    TORI_TRY(accept(cx, visit, proof, credential));
    TORI_TRY(tori_require_unlocked(cx, agg));
    TORI_TRY(tori_session_begin(cx, agg, &session, out));
    TORI_TRY(record_login(cx, visit, proof, &session));
    if (agg != cx->state->firm)
        TORI_TRY(tell_login(cx, agg, &session));
    visit->user_id = session.user_id;
    return tori_visit_prove(cx, visit, agg, &session.id, out);
}

static TORI_RESULT record_confirm(struct tori_ctx *cx, struct tori_aggregate *agg,
                                  const struct tori_visit_proof *proof,
                                  const struct tori_hash *nonce, struct tori_operation *operation)
{
    struct tori_receipt receipt;
    struct tori_record record;

    tori_journal_begin(cx, "operation.proved", &record);
    tori_out_id(&record.entry.out, "operation", &operation->id);
    tori_out_text(&record.entry.out, "type", operation->type);
    tori_out_id(&record.entry.out, "credential", &operation->credential_id);
    tori_out_word(&record.entry.out, "status", tori_operation_state_name(operation->state));
    if (operation->reason != TORI_ERR_NONE)
        tori_out_word(&record.entry.out, "reason", tori_err_name((tori_err)operation->reason));
    tori_out_hex(&record.entry.out, "nonce", tori_hash_bytes(nonce));
    TORI_TRY(tori_proof_record(cx, &record, proof));
    TORI_TRY(tori_journal_end(cx, &record, &receipt));
    return tori_operation_receipt(cx, agg, operation, &receipt);
}

/* Step-up raises the generation of the session that asked, when this browser is the one that has
 * it. */
static TORI_RESULT rotate(struct tori_ctx *cx, struct tori_aggregate *agg,
                          const struct tori_visit_proof *proof,
                          const struct tori_operation *operation, struct tori_reply *out)
{
    struct tori_session_now now;

    if (!proof->claim.present || !tori_id_eq(&proof->claim.id, &operation->session_id))
        return TORI_OK;
    if (TORI_FAILED(tori_session_require(cx, &proof->claim, &now)))
        return TORI_OK;
    return tori_session_rotate(cx, agg, now.session, out);
}

/* What our own pages asked for happens at once; a channel's operation waits to be redeemed. */
static TORI_RESULT follow_up(struct tori_ctx *cx, struct tori_lobby_visit *visit,
                             struct tori_aggregate *agg, const struct tori_operation *operation)
{
    if (operation->state != TORI_OP_ALLOWED)
        return TORI_OK;
    if (tori_str_eq(operation->type, TORI_STR("credential_add")))
        return tori_visit_step(cx, visit->state, TORI_VISIT_AGREE, &visit->state);
    if (tori_str_eq(operation->type, TORI_STR("credential_remove")))
        return tori_credential_remove_proved(cx, agg, operation);
    if (tori_str_eq(operation->type, TORI_STR("approval_sign")))
        return tori_approval_signed(cx, operation);
    return tori_operation_tell(cx, agg, operation, cx->caller->user_agent);
}

static TORI_RESULT require_session(struct tori_ctx *cx, const struct tori_aggregate *agg,
                                   const struct tori_operation *operation)
{
    const struct tori_session *session = tori_session_find(agg, &operation->session_id);

    if (session == NULL || !tori_session_lives(cx, agg, session))
        return TORI_FAIL(cx, NO_SESSION);
    return TORI_OK;
}

static TORI_RESULT confirm(struct tori_ctx *cx, struct tori_lobby_visit *visit,
                           const struct tori_visit_proof *proof, struct tori_reply *out)
{
    struct tori_aggregate *agg = tori_visit_aggregate(cx, visit);
    const struct tori_credential *credential;
    struct tori_operation operation;
    struct tori_hash nonce;

    TORI_TRY(tori_require_evidence(cx));
    TORI_TRY(find_record(cx, visit, proof, &credential));
    struct tori_id credential_id = credential->id;
    TORI_TRY(accept(cx, visit, proof, credential));
    nonce = tori_operation_find(agg, &visit->operation_id)->nonce;
    TORI_TRY(tori_operation_prove(cx, agg, &visit->operation_id,
                                  tori_credential_find(agg, &credential_id), &operation));
    TORI_TRY(require_session(cx, agg, &operation));
    TORI_TRY(record_confirm(cx, agg, proof, &nonce, &operation));
    TORI_TRY(rotate(cx, agg, proof, &operation, out));
    TORI_TRY(follow_up(cx, visit, agg, &operation));
    if (visit->state == TORI_VISIT_AGREED) {
        tori_reply_word(out, "then", "create");
        return TORI_OK;
    }
    return tori_visit_prove(cx, visit, agg, &operation.session_id, out);
}

static TORI_RESULT act(struct tori_ctx *cx, struct tori_lobby_visit *visit,
                       const struct tori_visit_proof *proof, struct tori_reply *out)
{
    if (proof->err != TORI_ERR_NONE) {
        cx->failure = proof->failure;
        return (struct tori_result){proof->err};
    }
    TORI_TRY(check_challenge(cx, visit, proof));
    if (visit->purpose == TORI_PURPOSE_LOGIN)
        return log_in(cx, visit, proof, out);
    if (visit->purpose == TORI_PURPOSE_CONFIRM)
        return confirm(cx, visit, proof, out);
    return TORI_FAIL(cx, INTERACTION_STATE);
}

struct tori_result tori_proof_decide(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_visit_proof *proof = in;
    struct tori_lobby_visit *visit;

    TORI_TRY(tori_visit_of_browser(cx, &proof->visit, 1u << TORI_VISIT_BOUND, &visit));
    struct tori_lobby_visit before = *visit;
    struct tori_result r = act(cx, visit, proof, out);
    if (!TORI_FAILED(r) || tori_err_status(r.err) >= 500)
        return r;
    /* Nothing of the attempt stays but that the challenge is used up and the journal knows. */
    struct tori_failure failure = cx->failure;
    *visit = before;
    int64_t seq = cx->state->next_seq - (int64_t)cx->changes->journal_rows;
    tori_changes_revert(cx->changes);
    cx->state->next_seq = seq;
    TORI_TRY(use_up(cx, visit));
    cx->failure = failure;
    return tori_refuse(cx, out, r.err);
}
