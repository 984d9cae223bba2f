#include "service/approval.h"

#include "codec/base64url.h"
#include "service/action.h"
#include "service/facts.h"
#include "service/visit.h"

/* The words are kept as two lines: target, then value. Neither holds a line feed. */
struct tori_approval_words tori_approval_words_of(const struct tori_approval *approval)
{
    struct tori_str all = approval->canonical;
    size_t at = 0;

    while (at < all.len && all.at[at] != '\n')
        at++;
    size_t after = at < all.len ? at + 1 : at;
    return (struct tori_approval_words){{all.at, at}, {all.at + after, all.len - after}};
}

size_t tori_approval_signature_total(const struct tori_aggregate *firm,
                                     const struct tori_id *approval)
{
    size_t n = 0;

    for (size_t i = 0; i < tori_approval_signature_count(firm); i++)
        n += tori_id_eq(&tori_approval_signature_at(firm, i)->approval_id, approval);
    return n;
}

static bool has_signed(const struct tori_aggregate *firm, const struct tori_id *approval,
                       const struct tori_id *user)
{
    for (size_t i = 0; i < tori_approval_signature_count(firm); i++) {
        const struct tori_approval_signature *s = tori_approval_signature_at(firm, i);
        if (tori_id_eq(&s->approval_id, approval) && tori_id_eq(&s->user_id, user))
            return true;
    }
    return false;
}

static TORI_RESULT record(struct tori_ctx *cx, const struct tori_approval *row, const char *kind,
                          const struct tori_id *user)
{
    struct tori_record record;

    tori_journal_begin(cx, kind, &record);
    tori_out_id(&record.entry.out, "approval", &row->id);
    tori_out_text(&record.entry.out, "action", row->action);
    tori_out_id(&record.entry.out, "operator", user);
    TORI_TRY(tori_journal_body(cx, &record, "words", tori_str_bytes(row->canonical)));
    return tori_journal_end(cx, &record, NULL);
}

struct tori_result tori_approval_open(struct tori_ctx *cx, const struct tori_session_now *by,
                                      const struct tori_approval_ask *ask, struct tori_reply *out)
{
    struct tori_buf words = tori_buf_new(cx->arena, 1024);

    tori_buf_str(&words, ask->target);
    tori_buf_byte(&words, '\n');
    tori_buf_str(&words, ask->value);
    TORI_TRY(tori_buf_done(cx, &words));
    struct tori_approval row = {
        .id = tori_id_new(&cx->random, cx->now, 0),
        .action = tori_str_z(ask->action),
        .target_customer = ask->target_customer,
        .target_id = ask->target_id,
        .number = ask->number,
        .note = ask->note,
        .canonical = tori_buf_text(&words),
        .by_user = by->user->id,
        .expires_at = cx->now + cx->app->approval_ttl_ms,
        .created_at = cx->now,
        .state = TORI_APPROVAL_OPEN,
    };
    TORI_TRY(tori_approval_put(cx, cx->state->firm, &row));
    TORI_TRY(record(cx, &row, "approval.opened", &by->user->id));
    tori_facts_note_route(cx, &row.id, &row.target_customer);
    tori_reply_status(out, 201);
    tori_reply_id(out, "approval_id", &row.id);
    return TORI_OK;
}

struct tori_result tori_approval_list_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_approval_name *name = in;
    return tori_session_claim_read(cx, &name->claim);
}

struct tori_result tori_approval_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_approval_name *name = in;

    TORI_TRY(tori_session_claim_read(cx, &name->claim));
    TORI_TRY(tori_path_id(cx, 0, TORI_ERR_APPROVAL_UNKNOWN, &name->id));
    struct tori_result r = tori_facts_route(cx, &name->id, &cx->route);
    if (r.err == TORI_ERR_NOT_FOUND)
        return TORI_FAIL(cx, APPROVAL_UNKNOWN);
    return r;
}

static int64_t state_now(const struct tori_ctx *cx, const struct tori_approval *row)
{
    return row->state == TORI_APPROVAL_OPEN && row->expires_at <= cx->now ? TORI_APPROVAL_EXPIRED
                                                                          : row->state;
}

static const char *state_name(int64_t state)
{
    switch ((enum tori_approval_state)state) {
    case TORI_APPROVAL_OPEN:
        return "open";
    case TORI_APPROVAL_DONE:
        return "done";
    case TORI_APPROVAL_REJECTED:
        return "rejected";
    case TORI_APPROVAL_EXPIRED:
        return "expired";
    }
    return "unknown";
}

static void write_one(struct tori_ctx *cx, struct tori_json_out *json,
                      const struct tori_approval *row)
{
    struct tori_approval_words words = tori_approval_words_of(row);

    tori_out_item(json);
    tori_out_open(json);
    tori_out_id(json, "approval_id", &row->id);
    tori_out_text(json, "action", row->action);
    tori_out_text(json, "target", words.target);
    tori_out_text(json, "value", words.value);
    tori_out_text(json, "note", row->note);
    tori_out_word(json, "state", state_name(state_now(cx, row)));
    tori_out_int(json, "signatures",
                 (int64_t)tori_approval_signature_total(cx->state->firm, &row->id));
    tori_out_int(json, "needed", TORI_APPROVAL_SIGNATURES);
    tori_out_time(json, "created_at", row->created_at);
    tori_out_time(json, "expires_at", row->expires_at);
    tori_out_close(json);
}

struct tori_result tori_approval_list(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_approval_name *name = in;
    const struct tori_aggregate *firm = cx->state->firm;
    struct tori_session_now now;

    TORI_TRY(tori_session_require(cx, &name->claim, &now));
    tori_out_list(tori_reply_json(out), "approvals");
    for (size_t i = tori_approval_count(firm); i > 0; i--)
        write_one(cx, tori_reply_json(out), tori_approval_at(firm, i - 1));
    tori_out_list_end(tori_reply_json(out));
    return TORI_OK;
}

static TORI_RESULT find_open(struct tori_ctx *cx, const struct tori_id *id,
                             const struct tori_approval **out)
{
    *out = tori_approval_find(cx->state->firm, id);
    if (*out == NULL)
        return TORI_FAIL(cx, APPROVAL_UNKNOWN);
    if (state_now(cx, *out) != TORI_APPROVAL_OPEN)
        return TORI_FAIL(cx, APPROVAL_STATE);
    return TORI_OK;
}

static struct tori_value text_value(struct tori_str text)
{
    return (struct tori_value){.present = text.len > 0, .text = text};
}

/* Signing is an operation of the operator, proved like any other: its canonical form holds the
 * words. */
struct tori_result tori_approval_sign(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_approval_name *name = in;
    const struct tori_approval *approval;
    struct tori_operation operation;
    struct tori_session_now now;

    TORI_TRY(tori_session_require(cx, &name->claim, &now));
    TORI_TRY(find_open(cx, &name->id, &approval));
    if (has_signed(cx->state->firm, &approval->id, &now.user->id))
        return TORI_FAIL(cx, APPROVAL_SAME_PERSON);
    struct tori_approval_words words = tori_approval_words_of(approval);
    struct tori_own_operation own = {
        .type = "approval_sign",
        .value = {{.present = true, .id = approval->id},
                  text_value(approval->action),
                  text_value(words.target),
                  text_value(words.value)},
    };
    TORI_TRY(tori_operation_open_own(cx, cx->state->firm, now.session, &own, &operation));
    struct tori_lobby_visit like = {
        .purpose = TORI_PURPOSE_CONFIRM,
        .customer_id = approval->target_customer,
        .operation_id = operation.id,
        .user_id = now.user->id,
    };
    return tori_visit_open_own(cx, &like, TORI_STR("/"), out);
}

static TORI_RESULT close(struct tori_ctx *cx, const struct tori_approval *approval,
                         enum tori_approval_state state, const struct tori_id *user)
{
    struct tori_approval next = *approval;

    next.state = state;
    next.decided_at = cx->now;
    TORI_TRY(tori_approval_put(cx, cx->state->firm, &next));
    return record(cx, &next, state == TORI_APPROVAL_DONE ? "approval.done" : "approval.rejected",
                  user);
}

struct tori_result tori_approval_reject(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_approval_name *name = in;
    const struct tori_approval *approval;
    struct tori_session_now now;

    TORI_TRY(tori_session_require(cx, &name->claim, &now));
    TORI_TRY(find_open(cx, &name->id, &approval));
    TORI_TRY(close(cx, approval, TORI_APPROVAL_REJECTED, &now.user->id));
    tori_reply_word(out, "state", "rejected");
    return TORI_OK;
}

static TORI_RESULT approval_of(struct tori_ctx *cx, const struct tori_operation *operation,
                               const struct tori_approval **out)
{
    struct tori_canonical_line line;
    struct tori_bytes canonical;
    struct tori_id id = {{0}};

    TORI_TRY(tori_operation_canonical(cx, cx->state->firm, operation, &canonical));
    for (size_t at = 0; tori_canonical_next(canonical, &at, &line);)
        if (tori_str_eq(line.name, TORI_STR("approval")))
            TORI_TRY(tori_id_parse(cx, line.value, &id));
    return find_open(cx, &id, out);
}

struct tori_result tori_approval_signed(struct tori_ctx *cx, const struct tori_operation *operation)
{
    struct tori_aggregate *firm = cx->state->firm;
    struct tori_operation done = *operation;
    const struct tori_approval *approval;

    TORI_TRY(approval_of(cx, operation, &approval));
    if (!tori_id_eq(&approval->target_customer, &cx->state->customer->customer_id))
        return TORI_FAIL(cx, INTERACTION_STATE); /* begun before a restart: sign again */
    if (has_signed(firm, &approval->id, &operation->user_id))
        return TORI_FAIL(cx, APPROVAL_SAME_PERSON);
    struct tori_approval_signature row = {
        .approval_id = approval->id,
        .user_id = operation->user_id,
        .credential_id = operation->credential_id,
        .created_at = cx->now,
    };
    TORI_TRY(tori_approval_signature_put(cx, firm, &row));
    TORI_TRY(tori_operation_step(cx, done.state, TORI_OP_REDEEM, &done.state));
    TORI_TRY(tori_operation_put(cx, firm, &done));
    TORI_TRY(record(cx, approval, "approval.signed", &operation->user_id));
    if (tori_approval_signature_total(firm, &approval->id) < TORI_APPROVAL_SIGNATURES)
        return TORI_OK;
    struct tori_approval held = *approval;
    TORI_TRY(close(cx, &held, TORI_APPROVAL_DONE, &operation->user_id));
    return tori_action_carry_out(cx, &held);
}
