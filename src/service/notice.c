#include "service/notice.h"

struct tori_notify_param tori_notice_device(struct tori_ctx *cx)
{
    return tori_notify_text("device", tori_notify_device_words(cx, cx->caller->user_agent));
}

static TORI_RESULT add_job(struct tori_ctx *cx, struct tori_aggregate *agg, enum tori_job_kind kind,
                           const struct tori_notice *notice, const struct tori_id *contact)
{
    struct tori_job job = {
        .customer_id = agg->customer_id,
        .id = tori_id_new(&cx->random, cx->now, tori_id_bucket(&agg->customer_id)),
        .kind = kind,
        .ref_id = notice->id,
        .contact_id = *contact,
        .due_at = cx->now,
        .state = TORI_JOB_DUE,
        .created_at = cx->now,
    };
    return tori_job_put(cx, agg, &job);
}

static TORI_RESULT mail_to_all(struct tori_ctx *cx, struct tori_aggregate *agg,
                               const struct tori_notice *notice)
{
    for (size_t i = 0; i < tori_contact_count(agg); i++) {
        const struct tori_contact *contact = tori_contact_at(agg, i);
        if (contact->state >= TORI_OVER || contact->kind != TORI_CONTACT_MAIL ||
            !tori_id_eq(&contact->user_id, &notice->user_id))
            continue;
        TORI_TRY(add_job(cx, agg, TORI_JOB_MAIL, notice, &contact->id));
    }
    return TORI_OK;
}

static TORI_RESULT tell_one(struct tori_ctx *cx, const struct tori_tell *tell,
                            const struct tori_user *user, struct tori_bytes params)
{
    static const struct tori_id nobody;
    const struct tori_template *template = tori_template_find(tori_str_z(tell->template));
    struct tori_notice notice = {
        .customer_id = tell->agg->customer_id,
        .id = tori_id_new(&cx->random, cx->now, tori_id_bucket(&tell->agg->customer_id)),
        .user_id = user->id,
        .template = tori_str_z(tell->template),
        .operation_id = tell->operation_id,
        .session_id = tell->session_id,
        .credential_id = tell->credential_id,
        .state = TORI_NOTICE_NEW,
        .created_at = cx->now,
    };
    struct tori_column_place place = tori_place_in(tell->agg, &notice.id, "notice.sealed_params");

    TORI_TRY(tori_column_seal(cx, &place, params, &notice.sealed_params));
    TORI_TRY(tori_notice_put(cx, tell->agg, &notice));
    if ((template->channels & TORI_NOTIFY_LETTER) != 0)
        TORI_TRY(add_job(cx, tell->agg, TORI_JOB_LETTER, &notice, &nobody));
    if ((template->channels & TORI_NOTIFY_MAIL) != 0)
        TORI_TRY(mail_to_all(cx, tell->agg, &notice));
    return TORI_OK;
}

struct tori_result tori_notice_tell(struct tori_ctx *cx, const struct tori_tell *tell)
{
    struct tori_bytes params;

    TORI_TRY(tori_notify_params_write(cx, tori_str_z(tell->template), tell->param, &params));
    if (tell->user != NULL)
        return tell_one(cx, tell, tell->user, params);
    for (size_t i = 0; i < tori_user_count(tell->agg); i++)
        if (tori_user_at(tell->agg, i)->state < TORI_OVER)
            TORI_TRY(tell_one(cx, tell, tori_user_at(tell->agg, i), params));
    return TORI_OK;
}
