#include "service/desk.h"

#include "codec/base64url.h"
#include "service/facts.h"
#include "service/frame.h"
#include "service/lock.h"
#include "service/policy.h"
#include "service/view.h"

const char *const tori_proofing_kinds[] = {"document", "in_person", "video", NULL};

/* From the firm's reference to the customer. Who has no session learns nothing of a reference, not
 * even by the time it takes; whose session has ended is told that first. */
static TORI_RESULT find_customer(struct tori_ctx *cx, struct tori_str ref,
                                 struct tori_session_claim *claim, tori_err *unknown)
{
    TORI_TRY(tori_session_claim_read(cx, claim));
    if (!claim->present)
        return TORI_FAIL(cx, NO_SESSION);
    struct tori_result r = tori_facts_customer(cx, ref, &cx->route);
    *unknown = r.err;
    return r.err == TORI_ERR_CUSTOMER_UNKNOWN ? TORI_OK : r;
}

static TORI_RESULT require_customer(struct tori_ctx *cx, const struct tori_session_claim *claim,
                                    tori_err unknown, struct tori_session_now *now)
{
    TORI_TRY(tori_session_require(cx, claim, now));
    if (unknown != TORI_ERR_NONE)
        return TORI_FAIL(cx, CUSTOMER_UNKNOWN);
    return TORI_OK;
}

struct tori_result tori_desk_proofing_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_desk_proofing *ask = in;

    return find_customer(cx, ask->customer, &ask->claim, &ask->unknown);
}

/* ENROL-06: proofing is its own kind of event; nothing in it authenticates anybody. */
static TORI_RESULT put_proofing(struct tori_ctx *cx, const struct tori_desk_proofing *ask,
                                const struct tori_session_now *now, const struct tori_user *user,
                                struct tori_proofing *row)
{
    struct tori_aggregate *agg = cx->state->customer;
    struct tori_record record;

    *row = (struct tori_proofing){
        .customer_id = agg->customer_id,
        .id = tori_id_new(&cx->random, cx->now, tori_id_bucket(&agg->customer_id)),
        .user_id = user->id,
        .kind = ask->kind + 1,
        .by_user = now->user->id,
        .state = TORI_PROOFING_REQUESTED,
        .created_at = cx->now,
    };
    struct tori_column_place place = tori_place_in(agg, &row->id, "proofing.sealed_evidence");
    TORI_TRY(tori_column_seal(cx, &place, tori_str_bytes(ask->checked), &row->sealed_evidence));
    TORI_TRY(tori_proofing_put(cx, agg, row));
    tori_journal_begin(cx, "proofing.recorded", &record);
    tori_out_id(&record.entry.out, "proofing", &row->id);
    tori_out_id(&record.entry.out, "user", &user->id);
    tori_out_word(&record.entry.out, "proofing_kind", tori_proofing_kinds[ask->kind]);
    tori_out_id(&record.entry.out, "by", &now->user->id);
    TORI_TRY(tori_journal_body(cx, &record, "checked", tori_str_bytes(ask->checked)));
    return tori_journal_end(cx, &record, NULL);
}

static TORI_RESULT words_for(struct tori_ctx *cx, const struct tori_desk_proofing *ask,
                             struct tori_str *target)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 200);

    tori_buf_str(&buf, ask->customer);
    tori_buf_z(&buf, " / ");
    tori_buf_str(&buf, ask->user);
    TORI_TRY(tori_buf_done(cx, &buf));
    *target = tori_buf_text(&buf);
    return TORI_OK;
}

static TORI_RESULT proofing_for(struct tori_ctx *cx, const struct tori_desk_proofing *ask,
                                const char *action, struct tori_reply *out)
{
    struct tori_session_now now;
    struct tori_proofing row;

    TORI_TRY(require_customer(cx, &ask->claim, ask->unknown, &now));
    const struct tori_user *user = ask->user.len == 0 && tori_user_count(cx->state->customer) > 0
                                       ? tori_user_at(cx->state->customer, 0)
                                       : tori_user_by_ref(cx->state->customer, ask->user);
    if (user == NULL)
        return TORI_FAIL(cx, CUSTOMER_UNKNOWN);
    TORI_TRY(put_proofing(cx, ask, &now, user, &row));
    struct tori_approval_ask approval = {
        .action = action,
        .target_customer = row.customer_id,
        .target_id = row.id,
        .value = tori_str_z(tori_proofing_kinds[ask->kind]),
    };
    TORI_TRY(words_for(cx, ask, &approval.target));
    return tori_approval_open(cx, &now, &approval, out);
}

struct tori_result tori_desk_proofing_decide(struct tori_ctx *cx, const void *in,
                                             struct tori_reply *out)
{
    return proofing_for(cx, in, "enrol.open", out);
}

struct tori_result tori_desk_unlock_decide(struct tori_ctx *cx, const void *in,
                                           struct tori_reply *out)
{
    return proofing_for(cx, in, "customer.unlock", out);
}

struct tori_result tori_desk_lock_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_desk_lock *ask = in;

    return find_customer(cx, ask->customer, &ask->claim, &ask->unknown);
}

struct tori_result tori_desk_lock_decide(struct tori_ctx *cx, const void *in,
                                         struct tori_reply *out)
{
    const struct tori_desk_lock *ask = in;
    struct tori_aggregate *agg = cx->state->customer;
    struct tori_session_now now;

    TORI_TRY(require_customer(cx, &ask->claim, ask->unknown, &now));
    if (!agg->known)
        return TORI_FAIL(cx, CUSTOMER_UNKNOWN);
    struct tori_lock_ask lock = {
        .agg = agg,
        .cause = TORI_LOCK_DESK,
        .by_user = now.user->id,
        .credential =
            tori_id_is_none(&ask->credential) ? NULL : tori_credential_find(agg, &ask->credential),
    };
    if (!tori_id_is_none(&ask->credential) && lock.credential == NULL)
        return TORI_FAIL(cx, CREDENTIAL_UNKNOWN);
    TORI_TRY(tori_lock_everything(cx, &lock));
    tori_reply_bool(out, "locked", true);
    return TORI_OK;
}

struct tori_result tori_desk_policy_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_desk_policy *ask = in;

    TORI_TRY(tori_policy_check(cx, ask->name, ask->value));
    return tori_session_claim_read(cx, &ask->claim);
}

struct tori_result tori_desk_policy_decide(struct tori_ctx *cx, const void *in,
                                           struct tori_reply *out)
{
    const struct tori_desk_policy *ask = in;
    struct tori_buf value = tori_buf_new(cx->arena, 32);
    struct tori_session_now now;

    TORI_TRY(tori_session_require(cx, &ask->claim, &now));
    tori_buf_i64(&value, ask->value);
    struct tori_approval_ask approval = {
        .action = "policy.set",
        .number = ask->value,
        .target = ask->name,
        .value = tori_buf_text(&value),
        .note = ask->note,
    };
    return tori_approval_open(cx, &now, &approval, out);
}

struct tori_result tori_desk_find_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_desk_find *ask = in;

    return find_customer(cx, ask->ref, &ask->claim, &ask->unknown);
}

struct tori_result tori_desk_find_decide(struct tori_ctx *cx, const void *in,
                                         struct tori_reply *out)
{
    const struct tori_desk_find *ask = in;
    struct tori_buf next = tori_buf_new(cx->arena, 64);
    struct tori_session_now now;

    TORI_TRY(require_customer(cx, &ask->claim, ask->unknown, &now));
    tori_buf_z(&next, "/desk/");
    tori_buf_b64u(&next, tori_id_bytes(&cx->state->customer->customer_id));
    tori_reply_text(out, "next", tori_buf_text(&next));
    return TORI_OK;
}

struct tori_result tori_desk_page_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_desk_find *ask = in;

    TORI_TRY(tori_session_claim_read(cx, &ask->claim));
    if (cx->caller->path[0].len == 0)
        return TORI_OK;
    TORI_TRY(tori_path_id(cx, 0, TORI_ERR_CUSTOMER_UNKNOWN, &ask->customer));
    cx->route = ask->customer;
    return TORI_OK;
}

static tori_time last_login(const struct tori_aggregate *agg, const struct tori_id *user)
{
    tori_time last = 0;

    for (size_t i = 0; i < tori_credential_count(agg); i++) {
        const struct tori_credential *c = tori_credential_at(agg, i);
        if (tori_id_eq(&c->user_id, user) && c->last_used_at > last)
            last = c->last_used_at;
    }
    return last;
}

static tori_time window_until(const struct tori_ctx *cx, const struct tori_aggregate *agg,
                              const struct tori_id *user)
{
    for (size_t i = 0; i < tori_enrol_window_count(agg); i++) {
        const struct tori_enrol_window *w = tori_enrol_window_at(agg, i);
        if (w->state < TORI_OVER && w->expires_at > cx->now && tori_id_eq(&w->user_id, user))
            return w->expires_at;
    }
    return 0;
}

static TORI_RESULT view_users(struct tori_ctx *cx, struct tori_view_desk *view)
{
    const struct tori_aggregate *agg = cx->state->customer;
    struct tori_view_desk_user *users;

    view->user_count = tori_user_count(agg);
    TORI_TRY(tori_take(cx, view->user_count * sizeof(*users), &users));
    for (size_t i = 0; i < view->user_count; i++) {
        const struct tori_user *user = tori_user_at(agg, i);
        struct tori_column_place place = tori_place_in(agg, &user->id, "user.sealed_name");
        struct tori_bytes name;
        TORI_TRY(tori_column_open(cx, &place, user->sealed_name, &name));
        users[i] = (struct tori_view_desk_user){
            .id = user->id,
            .name = tori_bytes_str(name),
            .credentials = (int64_t)tori_active_credentials(agg, &user->id),
            .window_until = window_until(cx, agg, &user->id),
            .last_login = last_login(agg, &user->id),
        };
        TORI_TRY(tori_copy_str(cx, user->ref, &users[i].ref));
    }
    view->users = users;
    return TORI_OK;
}

static TORI_RESULT view_customer(struct tori_ctx *cx, struct tori_view_desk *view)
{
    const struct tori_aggregate *agg = cx->state->customer;
    const struct tori_lock *lock = tori_lock_of(agg);
    const struct tori_customer *customer = tori_aggregate_customer(agg);

    if (customer == NULL)
        return TORI_FAIL(cx, CUSTOMER_UNKNOWN);
    view->chosen = true;
    view->customer = agg->customer_id;
    TORI_TRY(tori_copy_str(cx, customer->ref, &view->ref));
    view->company = customer->kind == TORI_COMPANY;
    view->locked = lock != NULL;
    view->locked_at = lock == NULL ? 0 : lock->created_at;
    return view_users(cx, view);
}

struct tori_result tori_desk_page(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_desk_find *ask = in;
    struct tori_session_now now;
    struct tori_view_desk *view;

    TORI_TRY(tori_session_require(cx, &ask->claim, &now));
    TORI_TRY(tori_take(cx, sizeof(*view), &view));
    TORI_TRY(tori_frame_of(cx, &now, &view->frame));
    if (!tori_id_is_none(&ask->customer))
        TORI_TRY(view_customer(cx, view));
    out->view = view;
    return TORI_OK;
}
