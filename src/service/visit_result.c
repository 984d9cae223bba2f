/* The end of a visit for the channel that began it: it collects once, with the code. */
#include "service/visit.h"

#include "base/secret.h"
#include "codec/base64url.h"
#include "domain/operation/operation.h"
#include "service/facts.h"
#include "service/operation.h"

static TORI_RESULT require_code(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                                struct tori_str code)
{
    struct tori_key32 plain;

    if (visit->state != TORI_VISIT_PROVED)
        return TORI_FAIL(cx, INTERACTION_STATE);
    if (TORI_FAILED(tori_b64u_decode_exact(cx, code, plain.at, sizeof(plain.at))))
        return TORI_FAIL(cx, CODE_WRONG);
    struct tori_hash hash = tori_sha256(TORI_BYTES_OF(plain.at));
    tori_key32_wipe(&plain);
    if (!tori_ct_eq(&hash, &visit->code_hash, sizeof(hash)))
        return TORI_FAIL(cx, CODE_WRONG);
    if (visit->code_until <= cx->now)
        return TORI_FAIL(cx, CODE_EXPIRED);
    return TORI_OK;
}

static TORI_RESULT write_session(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                                 struct tori_reply *out)
{
    const struct tori_aggregate *agg = cx->state->customer;
    const struct tori_session *session = tori_session_find(agg, &visit->session_id);

    if (session == NULL || !tori_session_lives(cx, agg, session))
        return TORI_FAIL(cx, NO_SESSION);
    tori_out_object(tori_reply_json(out), "session");
    tori_session_write(tori_reply_json(out), agg, session);
    tori_out_close(tori_reply_json(out));
    return TORI_OK;
}

static TORI_RESULT write_result(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                                struct tori_reply *out)
{
    const struct tori_aggregate *agg = cx->state->customer;
    const struct tori_user *user = tori_user_find(agg, &visit->user_id);

    tori_reply_id(out, "interaction_id", &visit->id);
    tori_reply_word(out, "purpose", tori_visit_purposes[visit->purpose - 1]);
    tori_reply_word(out, "status", "collected");
    if (visit->purpose == TORI_PURPOSE_CONFIRM) {
        tori_out_object(tori_reply_json(out), "operation");
        tori_operation_write(cx, tori_reply_json(out),
                             tori_operation_find(agg, &visit->operation_id));
        tori_out_close(tori_reply_json(out));
        return TORI_OK;
    }
    tori_reply_text(out, "customer", tori_customer_ref(agg));
    tori_reply_text(out, "user", user == NULL ? (struct tori_str){"", 0} : user->ref);
    return visit->purpose == TORI_PURPOSE_LOGIN ? write_session(cx, visit, out) : TORI_OK;
}

/* A visit of this channel, about the customer whom the route named. */
static struct tori_lobby_visit *find(struct tori_ctx *cx, const struct tori_id *id,
                                     const struct tori_channel *channel)
{
    struct tori_lobby_visit *visit = tori_lobby_find(cx->state->lobby, id, cx->now);
    bool ours = visit != NULL && tori_id_eq(&visit->channel_id, &channel->id) &&
                tori_id_eq(&visit->customer_id, &cx->state->customer->customer_id);

    return ours ? visit : NULL;
}

struct tori_result tori_visit_result(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_visit_ask *ask = in;
    const struct tori_channel *channel;

    TORI_TRY(tori_channel_require(cx, TORI_CHANNEL_ASK, &channel));
    struct tori_lobby_visit *visit = find(cx, &ask->id, channel);
    if (visit == NULL)
        return TORI_FAIL(cx, INTERACTION_UNKNOWN);
    TORI_TRY(require_code(cx, visit, ask->code));
    TORI_TRY(write_result(cx, visit, out));
    return tori_visit_step(cx, visit->state, TORI_VISIT_COLLECT, &visit->state);
}
