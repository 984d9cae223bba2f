#include "service/operation.h"

#include "base/hash.h"
#include "service/facts.h"
#include "service/notice.h"
#include "service/policy.h"
#include "service/session.h"

/* What makes two requests the same: everything but the moment of sending and the context. */
static struct tori_hash hash_request(const struct tori_operation_ask *ask,
                                     struct tori_bytes canonical)
{
    const struct tori_bytes part[] = {
        tori_str_bytes(ask->customer), TORI_BYTES_OF("\n"),
        tori_str_bytes(ask->account),  TORI_BYTES_OF("\n"),
        tori_str_bytes(ask->user),     TORI_BYTES_OF("\n"),
        tori_id_bytes(&ask->session),  canonical,
    };
    return tori_sha256_parts(part, sizeof(part) / sizeof(part[0]));
}

static TORI_RESULT check_envelope(struct tori_ctx *cx, struct tori_operation_ask *ask)
{
    ask->entry = tori_operation_named(ask->type);
    if (ask->entry == NULL || ask->entry->type->ours || ask->entry->type->right == 0)
        return TORI_FAIL(cx, OPERATION_TYPE_UNKNOWN, tori_word("field", "type"));
    if (ask->type_version != ask->entry->type->version)
        return TORI_FAIL(cx, OPERATION_TYPE_UNKNOWN, tori_word("field", "type_version"));
    if (cx->caller->idempotency_key.len == 0)
        return TORI_FAIL(cx, IDEMPOTENCY_KEY_MISSING);
    return TORI_OK;
}

struct tori_result tori_operation_ask_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_operation_ask *ask = in;
    struct tori_bytes canonical;

    if (ask->type_version == 0)
        ask->type_version = 1;
    TORI_TRY(check_envelope(cx, ask));
    TORI_TRY(tori_operation_read(cx, ask->entry->type, ask->fields, ask->value));
    /* Without an id: the same request has the same form. */
    struct tori_canonical_head head = {
        .entry = ask->entry, .origin = cx->app->customers.origin, .purpose = "ask"};
    TORI_TRY(tori_canonical(cx, &head, ask->value, &canonical));
    ask->request_hash = hash_request(ask, canonical);
    return tori_facts_customer(cx, ask->customer, &cx->route);
}

static struct tori_hash key_hash(const struct tori_ctx *cx, const struct tori_channel *channel)
{
    const struct tori_bytes part[] = {tori_id_bytes(&channel->id),
                                      tori_str_bytes(cx->caller->idempotency_key)};
    return tori_sha256_parts(part, 2);
}

static const struct tori_idempotency *first_answer(const struct tori_aggregate *agg,
                                                   const struct tori_hash *key)
{
    for (size_t i = tori_idempotency_count(agg); i > 0; i--)
        if (tori_hash_eq(&tori_idempotency_at(agg, i - 1)->key_hash, key))
            return tori_idempotency_at(agg, i - 1);
    return NULL;
}

/* design.md §3 rule 4: the first answer again, or an error for another body under the same key. */
static TORI_RESULT repeat(struct tori_ctx *cx, const struct tori_idempotency *first,
                          const struct tori_operation_ask *ask, struct tori_reply *out)
{
    if (!tori_hash_eq(&first->request_hash, &ask->request_hash))
        return TORI_FAIL(cx, IDEMPOTENCY_KEY_REUSED);
    tori_reply_status(out, (int)first->status);
    tori_buf_bytes(&out->body, first->body.at, first->body.len);
    return TORI_OK;
}

struct who {
    const struct tori_channel *channel;
    const struct tori_user *user;
    const struct tori_account *account;
    const struct tori_session *session;
};

static TORI_RESULT find_who(struct tori_ctx *cx, const struct tori_operation_ask *ask,
                            struct who *who)
{
    const struct tori_aggregate *agg = cx->state->customer;

    if (!agg->known)
        return TORI_FAIL(cx, CUSTOMER_UNKNOWN);
    who->session = tori_session_find(agg, &ask->session);
    if (who->session == NULL || !tori_session_lives(cx, agg, who->session) ||
        !tori_id_eq(&who->session->channel_id, &who->channel->id))
        return TORI_FAIL(cx, NO_SESSION);
    who->user = tori_user_find(agg, &who->session->user_id);
    if (ask->user.len > 0 && !tori_str_eq(who->user->ref, ask->user))
        return TORI_FAIL(cx, NOT_PERMITTED, tori_word("field", "user"));
    who->account = tori_account_by_ref(agg, ask->account);
    if (who->account == NULL ||
        (tori_rights_of(agg, &who->user->id, &who->account->id) & ask->entry->type->right) == 0)
        return TORI_FAIL(cx, NOT_PERMITTED, tori_word("field", "account"));
    return TORI_OK;
}

tori_err tori_operation_obstacle(struct tori_ctx *cx, const struct tori_aggregate *agg,
                                 const struct tori_user *user,
                                 const struct tori_operation_entry *entry)
{
    if (tori_lock_of(agg) != NULL)
        return TORI_ERR_LOCKED;
    int64_t wait = tori_policy_cool_off_ms(cx, entry);
    if (wait > 0 && cx->now < user->first_credential_at + wait)
        return TORI_ERR_COOL_OFF;
    return TORI_ERR_NONE;
}

/* ENROL: a user whose only credential is new waits; the clock starts with the first of them. */
static TORI_RESULT judge(struct tori_ctx *cx, const struct tori_operation_entry *entry,
                         const struct tori_user *user, struct tori_operation *row)
{
    tori_err obstacle = tori_operation_obstacle(cx, cx->state->customer, user, entry);

    row->important = tori_policy_important(cx, entry);
    row->decided_at = cx->now;
    if (obstacle != TORI_ERR_NONE) {
        row->reason = obstacle;
        return tori_operation_step(cx, row->state, TORI_OP_DENY, &row->state);
    }
    if (row->important) {
        TORI_TRY(tori_require_evidence(cx));
        row->challenge_until = cx->now + cx->app->challenge_ttl_ms;
        return tori_operation_step(cx, row->state, TORI_OP_ASK, &row->state);
    }
    row->valid_until = cx->now + cx->app->allowed_valid_ms;
    return tori_operation_step(cx, row->state, TORI_OP_ALLOW, &row->state);
}

struct form {
    const struct tori_operation_entry *entry;
    const struct tori_value *value;
    struct tori_str origin;
    struct tori_str customer;
    struct tori_str account;
};

/* Fills in the canonical form, sealed, its hash and a nonce. */
static TORI_RESULT bind_form(struct tori_ctx *cx, const struct tori_aggregate *agg,
                             const struct form *form, struct tori_operation *row,
                             struct tori_bytes *canonical)
{
    struct tori_canonical_head head = {
        .entry = form->entry,
        .operation = row->id,
        .channel = row->channel_id,
        .origin = form->origin,
        .purpose = "confirm",
        .customer = form->customer,
        .account = form->account,
    };
    struct tori_column_place place = tori_place_in(agg, &row->id, "operation.sealed_canonical");

    TORI_TRY(tori_canonical(cx, &head, form->value, canonical));
    row->canonical_hash = tori_sha256(*canonical);
    tori_random_fill(&cx->random, row->nonce.at, sizeof(row->nonce.at));
    return tori_column_seal(cx, &place, *canonical, &row->sealed_canonical);
}

static TORI_RESULT note_decision(struct tori_ctx *cx, const struct tori_operation *row,
                                 struct tori_bytes canonical, struct tori_receipt *receipt)
{
    struct tori_record record;

    tori_journal_begin(cx, "operation.decided", &record);
    tori_out_id(&record.entry.out, "operation", &row->id);
    tori_out_text(&record.entry.out, "type", row->type);
    tori_out_id(&record.entry.out, "channel", &row->channel_id);
    tori_out_id(&record.entry.out, "user", &row->user_id);
    tori_out_word(&record.entry.out, "status", tori_operation_state_name(row->state));
    if (row->reason != TORI_ERR_NONE)
        tori_out_word(&record.entry.out, "reason", tori_err_name((tori_err)row->reason));
    TORI_TRY(tori_journal_body(cx, &record, "canonical", canonical));
    return tori_journal_end(cx, &record, receipt);
}

static TORI_RESULT keep_answer(struct tori_ctx *cx, const struct tori_operation_ask *ask,
                               const struct tori_operation *row, struct tori_reply *out)
{
    tori_reply_end(out);
    struct tori_idempotency first = {
        .customer_id = row->customer_id,
        .id = row->id, /* one answer, one operation */
        .request_hash = ask->request_hash,
        .operation_id = row->id,
        .status = out->status,
        .body = tori_buf_view(&out->body),
        .created_at = cx->now,
    };
    first.key_hash = key_hash(cx, tori_channel_by_id(cx, &row->channel_id));
    return tori_idempotency_put(cx, cx->state->customer, &first);
}

static TORI_RESULT open_operation(struct tori_ctx *cx, const struct tori_operation_ask *ask,
                                  const struct who *who, struct tori_operation *row)
{
    struct tori_aggregate *agg = cx->state->customer;
    struct form form = {ask->entry, ask->value, cx->app->customers.origin, ask->customer,
                        ask->account};
    struct tori_receipt receipt;
    struct tori_bytes canonical;

    *row = (struct tori_operation){
        .customer_id = agg->customer_id,
        .id = tori_id_new(&cx->random, cx->now, tori_id_bucket(&agg->customer_id)),
        .type = tori_str_z(ask->entry->name),
        .type_version = ask->entry->type->version,
        .channel_id = who->channel->id,
        .user_id = who->user->id,
        .session_id = who->session->id,
        .account_id = who->account->id,
        .expires_at = cx->now + cx->app->operation_ttl_ms,
        .created_at = cx->now,
        .state = TORI_OP_OPEN,
    };
    TORI_TRY(bind_form(cx, agg, &form, row, &canonical));
    TORI_TRY(judge(cx, ask->entry, who->user, row));
    TORI_TRY(note_decision(cx, row, canonical, &receipt));
    row->seq = receipt.seq;
    row->leaf_hash = receipt.leaf_hash;
    TORI_TRY(tori_operation_put(cx, agg, row));
    tori_facts_note_route(cx, &row->id, &agg->customer_id);
    return TORI_OK;
}

struct tori_result tori_operation_ask_decide(struct tori_ctx *cx, const void *in,
                                             struct tori_reply *out)
{
    const struct tori_operation_ask *ask = in;
    struct tori_operation row;
    struct who who;

    TORI_TRY(tori_channel_require(cx, TORI_CHANNEL_ASK, &who.channel));
    struct tori_hash key = key_hash(cx, who.channel);
    const struct tori_idempotency *first = first_answer(cx->state->customer, &key);
    if (first != NULL)
        return repeat(cx, first, ask, out);
    /* After the repeats: a retry may well come late. */
    if (ask->occurred_at > cx->now + 5 * TORI_MINUTE_MS ||
        ask->occurred_at < cx->now - 5 * TORI_MINUTE_MS)
        return TORI_FAIL(cx, OCCURRED_AT_OFF);
    TORI_TRY(find_who(cx, ask, &who));
    TORI_TRY(open_operation(cx, ask, &who, &row));
    tori_reply_status(out, 201);
    tori_operation_write(cx, tori_reply_json(out), &row);
    TORI_TRY(keep_answer(cx, ask, &row, out));
    return row.state == TORI_OP_ALLOWED
               ? tori_operation_tell(cx, cx->state->customer, &row, ask->context.user_agent)
               : TORI_OK;
}

struct tori_result tori_operation_open_own(struct tori_ctx *cx, struct tori_aggregate *agg,
                                           const struct tori_session *session,
                                           const struct tori_own_operation *own,
                                           struct tori_operation *out)
{
    const struct tori_operation_entry *entry = tori_operation_named(tori_str_z(own->type));
    struct form form = {
        entry, own->value, tori_realm_of(cx)->origin, tori_customer_ref(agg), {"", 0}};
    struct tori_bytes canonical;
    struct tori_receipt receipt;

    TORI_TRY(tori_require_evidence(cx));
    *out = (struct tori_operation){
        .customer_id = agg->customer_id,
        .id = tori_id_new(&cx->random, cx->now, tori_id_bucket(&agg->customer_id)),
        .type = tori_str_z(entry->name),
        .type_version = entry->type->version,
        .user_id = session->user_id,
        .session_id = session->id,
        .important = true,
        .challenge_until = cx->now + cx->app->challenge_ttl_ms,
        .expires_at = cx->now + cx->app->operation_ttl_ms,
        .created_at = cx->now,
        .decided_at = cx->now,
        .state = TORI_OP_STEP_UP,
    };
    TORI_TRY(bind_form(cx, agg, &form, out, &canonical));
    TORI_TRY(note_decision(cx, out, canonical, &receipt));
    out->seq = receipt.seq;
    out->leaf_hash = receipt.leaf_hash;
    return tori_operation_put(cx, agg, out);
}

/* Terms run out by themselves; the row follows when somebody touches it. */
static int64_t state_now(const struct tori_ctx *cx, const struct tori_operation *row)
{
    if (row->state == TORI_OP_ALLOWED && row->valid_until <= cx->now)
        return TORI_OP_LAPSED;
    if (row->state == TORI_OP_STEP_UP && row->expires_at <= cx->now)
        return TORI_OP_EXPIRED;
    return row->state;
}

void tori_operation_write(struct tori_ctx *cx, struct tori_json_out *json,
                          const struct tori_operation *row)
{
    int64_t state = state_now(cx, row);

    tori_out_id(json, "operation_id", &row->id);
    tori_out_text(json, "type", row->type);
    tori_out_word(json, "status", tori_operation_state_name(state));
    tori_out_bool(json, "important", row->important);
    if (state == TORI_OP_DENIED) {
        struct tori_buf reason = tori_buf_new(cx->arena, 64);
        for (const char *c = tori_err_name((tori_err)row->reason); *c != '\0'; c++)
            tori_buf_byte(&reason, (uint8_t)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c));
        tori_out_text(json, "reason", tori_buf_text(&reason));
    }
    if (state == TORI_OP_ALLOWED)
        tori_out_time(json, "valid_until", row->valid_until);
    tori_out_time(json, "expires_at", row->expires_at);
    tori_out_object(json, "receipt");
    tori_out_text(json, "log", cx->app->log_origin);
    tori_out_int(json, "shard", cx->state->shard);
    tori_out_int(json, "seq", row->seq);
    tori_out_hex(json, "leaf_hash", tori_hash_bytes(&row->leaf_hash));
    tori_out_close(json);
}

struct tori_result tori_operation_name_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_operation_name *name = in;

    TORI_TRY(tori_path_id(cx, 0, TORI_ERR_OPERATION_UNKNOWN, &name->id));
    struct tori_result r = tori_facts_route(cx, &name->id, &cx->route);
    if (r.err == TORI_ERR_NOT_FOUND)
        return TORI_FAIL(cx, OPERATION_UNKNOWN);
    return r;
}

static TORI_RESULT of_this_channel(struct tori_ctx *cx, const void *in,
                                   const struct tori_operation **out)
{
    const struct tori_operation_name *name = in;
    const struct tori_channel *channel;

    TORI_TRY(tori_channel_require(cx, TORI_CHANNEL_ASK, &channel));
    *out = tori_operation_find(cx->state->customer, &name->id);
    if (*out == NULL || !tori_id_eq(&(*out)->channel_id, &channel->id))
        return TORI_FAIL(cx, OPERATION_UNKNOWN);
    return TORI_OK;
}

struct tori_result tori_operation_get(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_operation *row;

    TORI_TRY(of_this_channel(cx, in, &row));
    tori_operation_write(cx, tori_reply_json(out), row);
    return TORI_OK;
}

/* Lock and session are looked at again: what was allowed a moment ago may not be now. */
static TORI_RESULT redeem(struct tori_ctx *cx, struct tori_operation *row)
{
    const struct tori_aggregate *agg = cx->state->customer;
    const struct tori_session *session = tori_session_find(agg, &row->session_id);

    if (tori_lock_of(agg) != NULL || session == NULL || !tori_session_lives(cx, agg, session)) {
        row->reason = tori_lock_of(agg) != NULL ? TORI_ERR_LOCKED : TORI_ERR_NO_SESSION;
        return tori_operation_step(cx, row->state, TORI_OP_DENY, &row->state);
    }
    if (state_now(cx, row) != row->state)
        return tori_operation_step(cx, row->state, TORI_OP_TOO_LATE, &row->state);
    if (row->important)
        TORI_TRY(tori_require_evidence(cx));
    return tori_operation_step(cx, row->state, TORI_OP_REDEEM, &row->state);
}

struct tori_result tori_operation_redeem(struct tori_ctx *cx, const void *in,
                                         struct tori_reply *out)
{
    const struct tori_operation *found;
    struct tori_receipt receipt;
    struct tori_record record;

    TORI_TRY(of_this_channel(cx, in, &found));
    struct tori_operation row = *found;
    TORI_TRY(redeem(cx, &row));
    tori_journal_begin(cx, "operation.closed", &record);
    tori_out_id(&record.entry.out, "operation", &row.id);
    tori_out_word(&record.entry.out, "status", tori_operation_state_name(row.state));
    if (row.reason != TORI_ERR_NONE)
        tori_out_word(&record.entry.out, "reason", tori_err_name((tori_err)row.reason));
    TORI_TRY(tori_journal_end(cx, &record, &receipt));
    TORI_TRY(tori_operation_receipt(cx, cx->state->customer, &row, &receipt));
    tori_operation_write(cx, tori_reply_json(out), &row);
    return TORI_OK;
}

struct tori_result tori_operation_receipt(struct tori_ctx *cx, struct tori_aggregate *agg,
                                          struct tori_operation *row,
                                          const struct tori_receipt *receipt)
{
    row->seq = receipt->seq;
    row->leaf_hash = receipt->leaf_hash;
    return tori_operation_put(cx, agg, row);
}
