/* Before an interaction exists: the first pages of both hosts, and the visits they begin. */
#include "service/approval.h"
#include "service/centre.h"
#include "service/frame.h"
#include "service/visit.h"

static TORI_RESULT start(struct tori_ctx *cx, enum tori_view_start_kind kind,
                         struct tori_reply *out)
{
    struct tori_view_start *view;

    TORI_TRY(tori_take(cx, sizeof(*view), &view));
    TORI_TRY(tori_frame_of(cx, NULL, &view->frame));
    view->kind = kind;
    out->view = view;
    return TORI_OK;
}

struct tori_result tori_start_page(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    (void)in;
    return start(cx,
                 cx->caller->listener == TORI_LISTENER_OPERATOR ? TORI_VIEW_START_LOGIN
                                                                : TORI_VIEW_START_HOME,
                 out);
}

struct tori_result tori_start_enrol_page(struct tori_ctx *cx, const void *in,
                                         struct tori_reply *out)
{
    (void)in;
    return start(cx, TORI_VIEW_START_ENROL, out);
}

struct tori_result tori_start_login(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    struct tori_lobby_visit like = {.purpose = TORI_PURPOSE_LOGIN};

    (void)in;
    return tori_visit_open_own(
        cx, &like, cx->caller->listener == TORI_LISTENER_OPERATOR ? TORI_STR("/") : TORI_STR("/me"),
        out);
}

struct tori_result tori_start_login_page(struct tori_ctx *cx, const void *in,
                                         struct tori_reply *out)
{
    struct tori_lobby_visit like = {.purpose = TORI_PURPOSE_LOGIN};
    struct tori_str path;

    (void)in;
    TORI_TRY(tori_visit_own_path(cx, &like, TORI_STR("/me"), &path));
    tori_reply_status(out, 303);
    tori_reply_header(out, "Location", path);
    return TORI_OK;
}

struct tori_result tori_start_locked_page(struct tori_ctx *cx, const void *in,
                                          struct tori_reply *out)
{
    (void)in;
    return start(cx, TORI_VIEW_START_LOCKED, out);
}

/* An operator nobody knows gets the same visit; its code is always wrong. */
struct tori_result tori_start_enrol(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_centre_ask *ask = in;
    const struct tori_user *user = tori_user_by_ref(cx->state->firm, ask->operator);
    struct tori_lobby_visit like = {.purpose = TORI_PURPOSE_ENROL};

    if (user != NULL)
        like.user_id = user->id;
    return tori_visit_open_own(cx, &like, TORI_STR("/"), out);
}

static struct tori_str name_of(struct tori_ctx *cx, const struct tori_id *user_id)
{
    const struct tori_user *user = tori_user_find(cx->state->firm, user_id);
    struct tori_column_place place = tori_place_in(cx->state->firm, user_id, "user.sealed_name");
    struct tori_bytes name;

    if (user == NULL || TORI_FAILED(tori_column_open(cx, &place, user->sealed_name, &name)))
        return (struct tori_str){"", 0};
    return tori_bytes_str(name);
}

static TORI_RESULT view_signatures(struct tori_ctx *cx, const struct tori_approval *row,
                                   struct tori_view_approval *out)
{
    const struct tori_aggregate *firm = cx->state->firm;
    struct tori_view_signature *signature;

    TORI_TRY(tori_take(cx, TORI_APPROVAL_SIGNATURES * sizeof(*signature), &signature));
    for (size_t i = 0; i < tori_approval_signature_count(firm); i++) {
        const struct tori_approval_signature *s = tori_approval_signature_at(firm, i);
        if (tori_id_eq(&s->approval_id, &row->id) &&
            out->signature_count < TORI_APPROVAL_SIGNATURES)
            signature[out->signature_count++] =
                (struct tori_view_signature){name_of(cx, &s->user_id), s->created_at};
    }
    out->signatures = signature;
    return TORI_OK;
}

static TORI_RESULT view_action(struct tori_ctx *cx, const struct tori_approval *row,
                               struct tori_view_operation *out)
{
    struct tori_approval_words words = tori_approval_words_of(row);
    struct tori_view_line *line;

    TORI_TRY(tori_take(cx, 3 * sizeof(*line), &line));
    line[0].label = TORI_T_OPERATION_FIELD_ACTION;
    TORI_TRY(tori_copy_str(cx, row->action, &line[0].text));
    line[1].label = TORI_T_OPERATION_FIELD_TARGET;
    TORI_TRY(tori_copy_str(cx, words.target, &line[1].text));
    line[2].label = TORI_T_OPERATION_FIELD_VALUE;
    TORI_TRY(tori_copy_str(cx, words.value, &line[2].text));
    *out = (struct tori_view_operation){
        .title = TORI_T_OPERATION_APPROVAL_SIGN_TITLE,
        .warning = TORI_T_OPERATION_APPROVAL_SIGN_WARNING,
        .lines = line,
        .line_count = 3,
    };
    return TORI_OK;
}

static enum tori_view_approval_state view_state(const struct tori_ctx *cx,
                                                const struct tori_approval *row)
{
    if (row->state == TORI_APPROVAL_DONE)
        return TORI_VIEW_APPROVAL_DONE;
    if (row->state == TORI_APPROVAL_REJECTED)
        return TORI_VIEW_APPROVAL_REJECTED;
    return row->expires_at <= cx->now ? TORI_VIEW_APPROVAL_EXPIRED : TORI_VIEW_APPROVAL_OPEN;
}

static TORI_RESULT view_approval(struct tori_ctx *cx, const struct tori_session_now *now,
                                 const struct tori_approval *row, struct tori_view_approval *out)
{
    *out = (struct tori_view_approval){
        .id = row->id,
        .asked_by = name_of(cx, &row->by_user),
        .asked_at = row->created_at,
        .expires_at = row->expires_at,
        .state = view_state(cx, row),
        .needed = TORI_APPROVAL_SIGNATURES,
    };
    TORI_TRY(tori_copy_str(cx, row->note, &out->note));
    TORI_TRY(view_action(cx, row, &out->action));
    TORI_TRY(view_signatures(cx, row, out));
    out->signable = out->state == TORI_VIEW_APPROVAL_OPEN;
    const struct tori_aggregate *firm = cx->state->firm;
    for (size_t i = 0; i < tori_approval_signature_count(firm); i++) {
        const struct tori_approval_signature *s = tori_approval_signature_at(firm, i);
        if (tori_id_eq(&s->approval_id, &row->id) && tori_id_eq(&s->user_id, &now->user->id))
            out->signable = false;
    }
    return TORI_OK;
}

struct tori_result tori_approvals_page(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_centre_ask *ask = in;
    const struct tori_aggregate *firm = cx->state->firm;
    struct tori_session_now now;
    struct tori_view_approvals *view;
    struct tori_view_approval *approvals;

    TORI_TRY(tori_session_require(cx, &ask->claim, &now));
    TORI_TRY(tori_take(cx, sizeof(*view), &view));
    TORI_TRY(tori_frame_of(cx, &now, &view->frame));
    TORI_TRY(tori_take(cx, tori_approval_count(firm) * sizeof(*approvals), &approvals));
    for (size_t i = tori_approval_count(firm); i > 0; i--)
        TORI_TRY(view_approval(cx, &now, tori_approval_at(firm, i - 1),
                               &approvals[view->approval_count++]));
    view->approvals = approvals;
    out->view = view;
    return TORI_OK;
}
