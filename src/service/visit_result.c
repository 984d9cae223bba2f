/* The end of a visit for the channel that began it: it collects once, with the code. */
#include "service/visit.h"

#include "base/secret.h"
#include "codec/base64url.h"
#include "domain/operation/operation.h"
#include "service/facts.h"
#include "service/operation.h"

static TORI_RESULT require_code(struct tori_ctx *cx, const struct tori_interaction *row,
                                const struct tori_channel *channel, struct tori_str code)
{
    struct tori_key32 plain;

    if (row == NULL || !tori_id_eq(&row->channel_id, &channel->id))
        return TORI_FAIL(cx, INTERACTION_UNKNOWN);
    if (row->state != TORI_VISIT_PROVED)
        return TORI_FAIL(cx, INTERACTION_STATE);
    if (TORI_FAILED(tori_b64u_decode_exact(cx, code, plain.at, sizeof(plain.at))))
        return TORI_FAIL(cx, CODE_WRONG);
    struct tori_hash hash = tori_sha256(TORI_BYTES_OF(plain.at));
    tori_key32_wipe(&plain);
    if (!tori_ct_eq(&hash, &row->code_hash, sizeof(hash)))
        return TORI_FAIL(cx, CODE_WRONG);
    if (row->code_until <= cx->now)
        return TORI_FAIL(cx, CODE_EXPIRED);
    return TORI_OK;
}

static TORI_RESULT collect(struct tori_ctx *cx, const struct tori_interaction *row)
{
    struct tori_interaction next = *row;
    struct tori_record record;

    TORI_TRY(tori_visit_step(cx, row->state, TORI_VISIT_COLLECT, &next.state));
    TORI_TRY(tori_interaction_put(cx, cx->state->customer, &next));
    tori_journal_begin(cx, "interaction.collected", &record);
    tori_out_id(&record.entry.out, "interaction", &row->id);
    tori_out_id(&record.entry.out, "channel", &row->channel_id);
    return tori_journal_end(cx, &record, NULL);
}

static TORI_RESULT write_session(struct tori_ctx *cx, const struct tori_interaction *row,
                                 struct tori_reply *out)
{
    const struct tori_aggregate *agg = cx->state->customer;
    const struct tori_session *session = tori_session_find(agg, &row->session_id);

    if (session == NULL || !tori_session_lives(cx, agg, session))
        return TORI_FAIL(cx, NO_SESSION);
    tori_out_object(tori_reply_json(out), "session");
    tori_session_write(tori_reply_json(out), agg, session);
    tori_out_close(tori_reply_json(out));
    return TORI_OK;
}

static TORI_RESULT write_result(struct tori_ctx *cx, const struct tori_interaction *row,
                                struct tori_reply *out)
{
    const struct tori_aggregate *agg = cx->state->customer;
    const struct tori_user *user = tori_user_find(agg, &row->user_id);

    tori_reply_id(out, "interaction_id", &row->id);
    tori_reply_word(out, "purpose", tori_visit_purposes[row->purpose - 1]);
    tori_reply_word(out, "status", "collected");
    if (row->purpose == TORI_PURPOSE_CONFIRM) {
        tori_out_object(tori_reply_json(out), "operation");
        tori_operation_write(cx, tori_reply_json(out),
                             tori_operation_find(agg, &row->operation_id));
        tori_out_close(tori_reply_json(out));
        return TORI_OK;
    }
    tori_reply_text(out, "customer", tori_customer_ref(agg));
    tori_reply_text(out, "user", user == NULL ? (struct tori_str){"", 0} : user->ref);
    return row->purpose == TORI_PURPOSE_LOGIN ? write_session(cx, row, out) : TORI_OK;
}

struct tori_result tori_visit_result(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_visit_ask *ask = in;
    const struct tori_channel *channel;

    TORI_TRY(tori_channel_require(cx, TORI_CHANNEL_ASK, &channel));
    const struct tori_interaction *row = tori_interaction_find(cx->state->customer, &ask->id);
    TORI_TRY(require_code(cx, row, channel, ask->code));
    TORI_TRY(write_result(cx, row, out));
    return collect(cx, row);
}
