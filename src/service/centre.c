#include "service/centre.h"

#include "service/frame.h"
#include "service/lock.h"
#include "service/notice.h"
#include "service/visit.h"

enum { INBOX_MAX = 50 };

struct tori_result tori_centre_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_centre_ask *ask = in;
    return tori_session_claim_read(cx, &ask->claim);
}

struct tori_result tori_centre_id_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_centre_ask *ask = in;

    TORI_TRY(tori_session_claim_read(cx, &ask->claim));
    return tori_path_id(cx, 0, TORI_ERR_NOT_FOUND, &ask->id);
}

static bool is_disputable(const struct tori_notice *notice)
{
    return !tori_id_is_none(&notice->session_id) || !tori_id_is_none(&notice->credential_id) ||
           !tori_id_is_none(&notice->operation_id);
}

static TORI_RESULT view_notice(struct tori_ctx *cx, const struct tori_aggregate *agg,
                               const struct tori_notice *notice, struct tori_view_notice *out)
{
    struct tori_column_place place = tori_place_in(agg, &notice->id, "notice.sealed_params");
    struct tori_notify_reader reader = {cx->lang, cx->app->firm_name[cx->lang]};
    struct tori_message message;
    struct tori_bytes params;

    TORI_TRY(tori_column_open(cx, &place, notice->sealed_params, &params));
    TORI_TRY(tori_notify_message(cx, notice->template, &reader, params, &message));
    *out = (struct tori_view_notice){
        .id = notice->id,
        .at = notice->created_at,
        .title = message.subject,
        .text = message.body,
        .disputable = is_disputable(notice),
        .disputed = notice->state == TORI_NOTICE_DISPUTED,
    };
    return TORI_OK;
}

static bool is_for_inbox(const struct tori_notice *notice, const struct tori_user *user)
{
    const struct tori_template *template = tori_template_find(notice->template);

    return template != NULL && (template->channels & TORI_NOTIFY_INBOX) != 0 &&
           tori_id_eq(&notice->user_id, &user->id);
}

static TORI_RESULT view_inbox(struct tori_ctx *cx, const struct tori_session_now *now,
                              struct tori_view_centre *view)
{
    struct tori_view_notice *notices;

    TORI_TRY(tori_take(cx, INBOX_MAX * sizeof(*notices), &notices));
    for (size_t i = tori_notice_count(now->agg); i > 0 && view->notice_count < INBOX_MAX; i--) {
        const struct tori_notice *notice = tori_notice_at(now->agg, i - 1);
        if (!is_for_inbox(notice, now->user))
            continue;
        TORI_TRY(view_notice(cx, now->agg, notice, &notices[view->notice_count]));
        view->notice_count++;
    }
    view->notices = notices;
    return TORI_OK;
}

static TORI_RESULT view_sessions(struct tori_ctx *cx, const struct tori_session_now *now,
                                 struct tori_view_centre *view)
{
    struct tori_view_session *sessions;

    TORI_TRY(tori_take(cx, tori_session_count(now->agg) * sizeof(*sessions), &sessions));
    for (size_t i = tori_session_count(now->agg); i > 0; i--) {
        const struct tori_session *session = tori_session_at(now->agg, i - 1);
        const struct tori_channel *channel = tori_channel_by_id(cx, &session->channel_id);
        if (!tori_id_eq(&session->user_id, &now->user->id) ||
            !tori_session_lives(cx, now->agg, session))
            continue;
        struct tori_view_session *out = &sessions[view->session_count++];
        *out = (struct tori_view_session){
            .id = session->id,
            .channel = view->frame.firm,
            .at = session->created_at,
            .current = tori_id_eq(&session->id, &now->session->id),
        };
        TORI_TRY(tori_copy_str(cx, session->device, &out->device));
        if (channel != NULL)
            TORI_TRY(tori_copy_str(cx, channel->name, &out->channel));
    }
    view->sessions = sessions;
    return TORI_OK;
}

static TORI_RESULT view_credentials(struct tori_ctx *cx, const struct tori_session_now *now,
                                    struct tori_view_centre *view)
{
    struct tori_view_credential *credentials;

    TORI_TRY(tori_take(cx, tori_credential_count(now->agg) * sizeof(*credentials), &credentials));
    for (size_t i = 0; i < tori_credential_count(now->agg); i++) {
        const struct tori_credential *c = tori_credential_at(now->agg, i);
        if (c->state != TORI_CREDENTIAL_ACTIVE || !tori_id_eq(&c->user_id, &now->user->id))
            continue;
        struct tori_view_credential *out = &credentials[view->credential_count++];
        *out = (struct tori_view_credential){
            .id = c->id,
            .synced = c->backup_eligible,
            .created_at = c->created_at,
            .last_used_at = c->last_used_at,
        };
        TORI_TRY(tori_copy_str(cx, c->label, &out->label));
    }
    view->credentials = credentials;
    return TORI_OK;
}

struct tori_result tori_centre_page(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_centre_ask *ask = in;
    struct tori_session_now now;
    struct tori_view_centre *view;

    struct tori_result r = tori_session_require(cx, &ask->claim, &now);
    if (r.err == TORI_ERR_NO_SESSION) {
        tori_reply_status(out, 303);
        tori_reply_header(out, "Location", TORI_STR("/login"));
        return TORI_OK;
    }
    TORI_TRY(r);
    TORI_TRY(tori_take(cx, sizeof(*view), &view));
    TORI_TRY(tori_frame_of(cx, &now, &view->frame));
    TORI_TRY(view_inbox(cx, &now, view));
    TORI_TRY(view_sessions(cx, &now, view));
    TORI_TRY(view_credentials(cx, &now, view));
    out->view = view;
    return TORI_OK;
}

struct tori_result tori_centre_lock(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_centre_ask *ask = in;
    struct tori_session_now now;

    TORI_TRY(tori_session_require(cx, &ask->claim, &now));
    struct tori_lock_ask lock = {.agg = now.agg, .cause = TORI_LOCK_SELF};
    TORI_TRY(tori_lock_everything(cx, &lock));
    out->cookie[TORI_REPLY_SESSION].set = true;
    tori_reply_word(out, "next", "/locked");
    return TORI_OK;
}

struct tori_result tori_centre_not_me(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_centre_ask *ask = in;
    struct tori_session_now now;

    TORI_TRY(tori_session_require(cx, &ask->claim, &now));
    const struct tori_notice *found = tori_notice_find(now.agg, &ask->id);
    if (found == NULL || !tori_id_eq(&found->user_id, &now.user->id) || !is_disputable(found))
        return TORI_FAIL(cx, NOT_FOUND);
    struct tori_notice notice = *found;
    notice.state = TORI_NOTICE_DISPUTED;
    TORI_TRY(tori_notice_put(cx, now.agg, &notice));
    struct tori_lock_ask lock = {
        .agg = now.agg,
        .cause = TORI_LOCK_NOT_ME,
        .notice_id = notice.id,
        .credential = tori_id_is_none(&notice.credential_id)
                          ? NULL
                          : tori_credential_find(now.agg, &notice.credential_id),
    };
    TORI_TRY(tori_lock_everything(cx, &lock));
    out->cookie[TORI_REPLY_SESSION].set = true;
    tori_reply_word(out, "next", "/locked");
    return TORI_OK;
}

static TORI_RESULT note_end(struct tori_ctx *cx, const struct tori_session *session,
                            const char *kind)
{
    struct tori_record record;

    tori_journal_begin(cx, kind, &record);
    tori_out_id(&record.entry.out, "session", &session->id);
    tori_out_id(&record.entry.out, "user", &session->user_id);
    return tori_journal_end(cx, &record, NULL);
}

struct tori_result tori_centre_logout(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_centre_ask *ask = in;
    struct tori_session_now now;

    TORI_TRY(tori_session_require(cx, &ask->claim, &now));
    TORI_TRY(note_end(cx, now.session, "session.ended"));
    TORI_TRY(tori_session_drop(cx, now.agg, now.session));
    out->cookie[TORI_REPLY_SESSION].set = true;
    tori_reply_word(out, "next", "/");
    return TORI_OK;
}

struct tori_result tori_centre_logout_all(struct tori_ctx *cx, const void *in,
                                          struct tori_reply *out)
{
    const struct tori_centre_ask *ask = in;
    struct tori_notify_param param[] = {tori_notify_time("time", cx->now), TORI_NOTIFY_END};
    struct tori_session_now now;

    TORI_TRY(tori_session_require(cx, &ask->claim, &now));
    struct tori_tell tell = {
        .agg = now.agg, .user = now.user, .template = "logged_out_everywhere", .param = param};
    TORI_TRY(note_end(cx, now.session, "session.all_ended"));
    TORI_TRY(tori_notice_tell(cx, &tell));
    TORI_TRY(tori_session_end_all(cx, now.agg, now.user));
    out->cookie[TORI_REPLY_SESSION].set = true;
    tori_reply_word(out, "next", "/");
    return TORI_OK;
}

static TORI_RESULT begin_own(struct tori_ctx *cx, const struct tori_session_now *now,
                             const struct tori_own_operation *own, struct tori_reply *out)
{
    struct tori_operation operation;

    if (now->previous)
        return TORI_FAIL(cx, NO_SESSION);
    TORI_TRY(tori_require_unlocked(cx, now->agg));
    TORI_TRY(tori_operation_open_own(cx, now->agg, now->session, own, &operation));
    struct tori_lobby_visit like = {
        .purpose = TORI_PURPOSE_CONFIRM,
        .customer_id = now->agg->customer_id,
        .operation_id = operation.id,
        .user_id = now->user->id,
    };
    return tori_visit_open_own(cx, &like, TORI_STR("/me"), out);
}

/* ENROL-02: a further passkey is let in by the proof of one that exists. */
struct tori_result tori_centre_add(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_centre_ask *ask = in;
    struct tori_own_operation own = {.type = "credential_add",
                                     .value = {{.present = true, .text = ask->label}}};
    struct tori_session_now now;

    TORI_TRY(tori_session_require(cx, &ask->claim, &now));
    return begin_own(cx, &now, &own, out);
}

struct tori_result tori_centre_remove(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_centre_ask *ask = in;
    struct tori_own_operation own = {.type = "credential_remove",
                                     .value = {{.present = true, .id = ask->id}}};
    struct tori_session_now now;

    TORI_TRY(tori_session_require(cx, &ask->claim, &now));
    const struct tori_credential *credential = tori_credential_find(now.agg, &ask->id);
    if (credential == NULL || credential->state >= TORI_OVER ||
        !tori_id_eq(&credential->user_id, &now.user->id))
        return TORI_FAIL(cx, CREDENTIAL_UNKNOWN);
    if (tori_active_credentials(now.agg, &now.user->id) < 2)
        return TORI_FAIL(cx, NOT_PERMITTED);
    return begin_own(cx, &now, &own, out);
}
