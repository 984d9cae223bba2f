#include "service/action.h"

#include "service/approval.h"
#include "service/credential.h"
#include "service/lock.h"
#include "service/notice.h"
#include "service/policy.h"

typedef struct tori_result carry_out_fn(struct tori_ctx *cx, const struct tori_approval *approval);

static TORI_RESULT approve_proofing(struct tori_ctx *cx, const struct tori_approval *approval,
                                    struct tori_proofing *out)
{
    const struct tori_proofing *found =
        tori_proofing_find(cx->state->customer, &approval->target_id);

    if (found == NULL || found->state != TORI_PROOFING_REQUESTED)
        return TORI_FAIL(cx, APPROVAL_STATE);
    *out = *found;
    out->state = TORI_PROOFING_APPROVED;
    out->approval_id = approval->id;
    return tori_proofing_put(cx, cx->state->customer, out);
}

/* The code leaves in a letter only: sealed in the notice until it is printed. */
static TORI_RESULT send_letter(struct tori_ctx *cx, struct tori_aggregate *agg,
                               const struct tori_user *user, struct tori_str code, tori_time until)
{
    struct tori_column_place place = tori_place_in(agg, &user->id, "user.sealed_name");
    struct tori_bytes name;

    TORI_TRY(tori_column_open(cx, &place, user->sealed_name, &name));
    struct tori_notify_param letter[] = {
        tori_notify_text("name", tori_bytes_str(name)),
        tori_notify_code("code", code),
        tori_notify_time("until", until),
        TORI_NOTIFY_END,
    };
    struct tori_tell tell = {
        .agg = agg, .user = user, .template = "enrolment_code", .param = letter};
    return tori_notice_tell(cx, &tell);
}

static TORI_RESULT open_window(struct tori_ctx *cx, struct tori_aggregate *agg,
                               const struct tori_user *user, const struct tori_id *proofing)
{
    struct tori_enrol_window window = {
        .customer_id = agg->customer_id,
        .id = tori_id_new(&cx->random, cx->now, tori_id_bucket(&agg->customer_id)),
        .user_id = user->id,
        .proofing_id = *proofing,
        .expires_at = cx->now + cx->app->enrol_window_ms,
        .state = TORI_WINDOW_OPEN,
        .created_at = cx->now,
    };
    struct tori_str code;

    TORI_TRY(tori_enrol_code_new(cx, agg, &code, &window.code_hash));
    TORI_TRY(tori_enrol_open(cx, agg, &window));
    return send_letter(cx, agg, user, code, window.expires_at);
}

static TORI_RESULT enrol_open(struct tori_ctx *cx, const struct tori_approval *approval)
{
    struct tori_aggregate *agg = cx->state->customer;
    struct tori_proofing proofing;

    TORI_TRY(approve_proofing(cx, approval, &proofing));
    const struct tori_user *user = tori_user_find(agg, &proofing.user_id);
    struct tori_notify_param param[] = {
        tori_notify_time("time", cx->now),
        tori_notify_time("until", cx->now + cx->app->enrol_window_ms),
        TORI_NOTIFY_END,
    };
    struct tori_tell tell = {
        .agg = agg, .user = user, .template = "enrolment_opened", .param = param};

    TORI_TRY(open_window(cx, agg, user, &proofing.id));
    return tori_notice_tell(cx, &tell);
}

static TORI_RESULT customer_unlock(struct tori_ctx *cx, const struct tori_approval *approval)
{
    struct tori_proofing proofing;

    TORI_TRY(approve_proofing(cx, approval, &proofing));
    return tori_lock_lift(cx, cx->state->customer, &approval->id);
}

static TORI_RESULT policy_set(struct tori_ctx *cx, const struct tori_approval *approval)
{
    return tori_policy_set(cx, tori_approval_words_of(approval).target, approval->number,
                           &approval->id);
}

static TORI_RESULT operator_add(struct tori_ctx *cx, const struct tori_approval *approval)
{
    static const struct tori_id no_proofing;
    const struct tori_user *found = tori_user_find(cx->state->firm, &approval->target_id);

    if (found == NULL || found->state != TORI_PENDING)
        return TORI_FAIL(cx, APPROVAL_STATE);
    struct tori_user user = *found;
    user.state = TORI_ACTIVE;
    TORI_TRY(tori_user_put(cx, cx->state->firm, &user));
    return open_window(cx, cx->state->firm, &user, &no_proofing);
}

static TORI_RESULT channel_add(struct tori_ctx *cx, const struct tori_approval *approval)
{
    const struct tori_channel *found = tori_channel_find(cx->state->firm, &approval->target_id);

    if (found == NULL || found->state != TORI_PENDING)
        return TORI_FAIL(cx, APPROVAL_STATE);
    struct tori_channel channel = *found;
    channel.state = TORI_ACTIVE;
    return tori_channel_put(cx, cx->state->firm, &channel);
}

struct action {
    const char *name;
    carry_out_fn *carry_out;
};

static const struct action actions[] = {
    {"enrol.open", enrol_open},   {"customer.unlock", customer_unlock},
    {"policy.set", policy_set},   {"operator.add", operator_add},
    {"channel.add", channel_add},
};

struct tori_result tori_action_carry_out(struct tori_ctx *cx, const struct tori_approval *approval)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        if (tori_str_eq(tori_str_z(actions[i].name), approval->action))
            return actions[i].carry_out(cx, approval);
    return TORI_FAIL(cx, APPROVAL_STATE, tori_text("action", approval->action));
}
