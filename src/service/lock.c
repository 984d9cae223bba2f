#include "service/lock.h"

#include "service/notice.h"

static const char *cause_word(enum tori_lock_cause cause)
{
    switch (cause) {
    case TORI_LOCK_SELF:
        return "self";
    case TORI_LOCK_NOT_ME:
        return "not_me";
    case TORI_LOCK_DESK:
        return "desk";
    }
    return "desk";
}

static TORI_RESULT tell(struct tori_ctx *cx, struct tori_aggregate *agg, const char *template,
                        const struct tori_notify_param *param)
{
    struct tori_tell tell = {.agg = agg, .template = template, .param = param};
    return tori_notice_tell(cx, &tell);
}

static TORI_RESULT put_lock(struct tori_ctx *cx, const struct tori_lock_ask *ask)
{
    struct tori_aggregate *agg = ask->agg;
    struct tori_record record;
    struct tori_lock lock = {
        .customer_id = agg->customer_id,
        .id = tori_id_new(&cx->random, cx->now, tori_id_bucket(&agg->customer_id)),
        .scope = TORI_LOCK_EVERYTHING,
        .cause = ask->cause,
        .by_user = ask->by_user,
        .notice_id = ask->notice_id,
        .state = TORI_LOCK_HOLDS,
        .created_at = cx->now,
    };

    TORI_TRY(tori_lock_put(cx, agg, &lock));
    tori_journal_begin(cx, "lock.set", &record);
    tori_out_id(&record.entry.out, "lock", &lock.id);
    tori_out_word(&record.entry.out, "cause", cause_word(ask->cause));
    if (!tori_id_is_none(&ask->by_user))
        tori_out_id(&record.entry.out, "by", &ask->by_user);
    if (ask->credential != NULL)
        tori_out_id(&record.entry.out, "credential", &ask->credential->id);
    return tori_journal_end(cx, &record, NULL);
}

struct tori_result tori_lock_everything(struct tori_ctx *cx, const struct tori_lock_ask *ask)
{
    struct tori_notify_param param[] = {
        tori_notify_time("time", cx->now),
        tori_notify_word("cause", cause_word(ask->cause)),
        TORI_NOTIFY_END,
    };
    bool already = tori_lock_of(ask->agg) != NULL;

    if (ask->credential != NULL && ask->credential->state == TORI_CREDENTIAL_ACTIVE)
        TORI_TRY(tori_credential_withdraw(cx, ask->agg, ask->credential, TORI_CREDENTIAL_SUSPENDED,
                                          cause_word(ask->cause)));
    TORI_TRY(put_lock(cx, ask));
    TORI_TRY(tori_session_end_all(cx, ask->agg, NULL));
    return already ? TORI_OK : tell(cx, ask->agg, "locked", param);
}

struct tori_result tori_lock_lift(struct tori_ctx *cx, struct tori_aggregate *agg,
                                  const struct tori_id *approval)
{
    struct tori_notify_param param[] = {tori_notify_time("time", cx->now), TORI_NOTIFY_END};
    bool any = false;

    for (size_t i = 0; i < tori_lock_count(agg); i++) {
        struct tori_lock lock = *tori_lock_at(agg, i);
        if (lock.state >= TORI_OVER)
            continue;
        lock.state = TORI_LOCK_LIFTED;
        lock.lifted_at = cx->now;
        lock.approval_id = *approval;
        TORI_TRY(tori_lock_put(cx, agg, &lock));
        any = true;
    }
    return any ? tell(cx, agg, "unlocked", param) : TORI_OK;
}
