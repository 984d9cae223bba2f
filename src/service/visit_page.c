/* GET /i/{id}: what the browser is shown at each step of its visit. */
#include "domain/operation/operation.h"
#include "service/frame.h"
#include "service/operation.h"
#include "service/visit.h"

static enum tori_view_purpose view_purpose(const struct tori_lobby_visit *visit)
{
    switch (visit->purpose) {
    case TORI_PURPOSE_LOGIN:
        return TORI_VIEW_FOR_LOGIN;
    case TORI_PURPOSE_CONFIRM:
        return TORI_VIEW_FOR_CONFIRM;
    case TORI_PURPOSE_ENROL:
        return TORI_VIEW_FOR_ENROL;
    case TORI_PURPOSE_MANAGE:
        return TORI_VIEW_FOR_MANAGE;
    }
    return TORI_VIEW_FOR_LOGIN;
}

static enum tori_view_step first_step(const struct tori_lobby_visit *visit)
{
    switch (visit->purpose) {
    case TORI_PURPOSE_LOGIN:
        return TORI_VIEW_LOGIN;
    case TORI_PURPOSE_CONFIRM:
        return TORI_VIEW_CONFIRM;
    case TORI_PURPOSE_ENROL:
        return TORI_VIEW_CODE;
    case TORI_PURPOSE_MANAGE:
        return TORI_VIEW_DONE;
    }
    return TORI_VIEW_UNKNOWN;
}

static enum tori_view_step step_of(struct tori_ctx *cx, const struct tori_lobby_visit *visit)
{
    const struct tori_aggregate *agg = tori_visit_aggregate(cx, visit);

    if (visit->state == TORI_VISIT_PROVED || visit->state == TORI_VISIT_COLLECTED)
        return TORI_VIEW_DONE;
    if (visit->state == TORI_VISIT_FAILED)
        return TORI_VIEW_FAILED;
    if (agg != cx->state->firm && tori_lock_of(agg) != NULL)
        return TORI_VIEW_LOCKED;
    return visit->state == TORI_VISIT_AGREED ? TORI_VIEW_MAKE : first_step(visit);
}

/* Who begins an enrolment has only typed a name. Whose it is, is said after the code. */
static bool may_see_name(const struct tori_lobby_visit *visit)
{
    return visit->purpose != TORI_PURPOSE_ENROL || visit->state == TORI_VISIT_AGREED ||
           visit->state == TORI_VISIT_PROVED;
}

static TORI_RESULT view_subject(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                                struct tori_view_visit *view)
{
    const struct tori_aggregate *agg = tori_visit_aggregate(cx, visit);
    const struct tori_user *user = tori_user_find(agg, &visit->user_id);
    const struct tori_operation *operation = tori_operation_find(agg, &visit->operation_id);
    struct tori_bytes plain;

    if (user != NULL && may_see_name(visit)) {
        struct tori_column_place place = tori_place_in(agg, &user->id, "user.sealed_name");
        TORI_TRY(tori_column_open(cx, &place, user->sealed_name, &plain));
        view->account = tori_bytes_str(plain);
    }
    if (visit->purpose != TORI_PURPOSE_CONFIRM || operation == NULL)
        return TORI_OK;
    TORI_TRY(tori_operation_canonical(cx, agg, operation, &plain));
    TORI_TRY(tori_frame_operation(cx, plain, &view->operation));
    for (size_t i = 0; i < view->operation.line_count; i++)
        if (view->operation.lines[i].label == TORI_T_OPERATION_FIELD_LABEL)
            view->suggestion = view->operation.lines[i].text;
    return TORI_OK;
}

static TORI_RESULT view_visit(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                              struct tori_view_visit *view)
{
    const struct tori_channel *channel = tori_channel_by_id(cx, &visit->channel_id);

    view->purpose = view_purpose(visit);
    view->id = visit->id;
    view->expires_at = visit->expires_at;
    if (channel != NULL) {
        TORI_TRY(tori_copy_str(cx, channel->name, &view->channel));
        TORI_TRY(tori_copy_str(cx, channel->origin, &view->back));
    } else {
        TORI_TRY(tori_copy_str(cx, (struct tori_str){visit->return_uri, visit->return_uri_len},
                               &view->back));
    }
    view->step = step_of(cx, visit);
    if (view->step == TORI_VIEW_LOCKED)
        return TORI_OK;
    return view_subject(cx, visit, view);
}

static enum tori_view_step step_of_error(tori_err err)
{
    return err == TORI_ERR_INTERACTION_OTHER_BROWSER ? TORI_VIEW_OTHER_BROWSER : TORI_VIEW_UNKNOWN;
}

struct tori_result tori_visit_page(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_visit_ask *ask = in;
    struct tori_lobby_visit *visit;
    struct tori_view_visit *view;
    struct tori_hash unused;

    TORI_TRY(tori_take(cx, sizeof(*view), &view));
    TORI_TRY(tori_frame_of(cx, NULL, &view->frame));
    out->view = view;
    struct tori_result r = tori_visit_of_browser(cx, &ask->id, ~0u, &visit);
    if (TORI_FAILED(r)) {
        view->step = step_of_error(r.err);
        tori_reply_status(out, tori_err_status(r.err));
        return TORI_OK;
    }
    /* Managing needs no proof of its own: the security centre asks for a session by itself. */
    if (visit->purpose == TORI_PURPOSE_MANAGE) {
        out->view = NULL;
        tori_reply_status(out, 303);
        tori_reply_header(out, "Location", TORI_STR("/me"));
        return TORI_OK;
    }
    TORI_TRY(tori_visit_cookie(cx, out, &unused));
    return view_visit(cx, visit, view);
}
