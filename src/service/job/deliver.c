#include "service/job/deliver.h"

#include "domain/notify/delivery.h"
#include "service/common.h"
#include "service/notice.h"

/* What decide leaves for the hand-over; copies in the command's arena. */
struct delivery {
    struct tori_parcel parcel; /* without its words */
    struct tori_str template;
    struct tori_bytes params;
};

struct tori_result tori_deliver_prepare(struct tori_ctx *cx, void *in)
{
    const struct tori_deliver *deliver = in;

    cx->route = deliver->customer;
    return TORI_OK;
}

/* NULL: the job is over, or was never there. */
static const struct tori_job *live_job(const struct tori_ctx *cx, const struct tori_deliver *in)
{
    const struct tori_job *job = tori_job_find(cx->state->customer, &in->job);

    return job != NULL && job->state < TORI_OVER ? job : NULL;
}

static TORI_RESULT note(struct tori_ctx *cx, const char *kind, const struct tori_job *job)
{
    struct tori_record record;

    tori_journal_begin(cx, kind, &record);
    tori_out_id(&record.entry.out, "job", &job->id);
    tori_out_id(&record.entry.out, "notice", &job->ref_id);
    tori_out_word(&record.entry.out, "by", job->kind == TORI_JOB_LETTER ? "letter" : "mail");
    tori_out_int(&record.entry.out, "try", job->tries);
    if (job->last_error.len > 0)
        tori_out_text(&record.entry.out, "said", job->last_error);
    if (job->state >= TORI_OVER)
        tori_out_bool(&record.entry.out, "over", true);
    return tori_journal_end(cx, &record, NULL);
}

static TORI_RESULT give_up(struct tori_ctx *cx, const struct tori_job *job, const char *why)
{
    struct tori_job row = *job;

    row.state = tori_delivery_next(TORI_DELIVERY_GONE, row.tries);
    row.last_error = tori_str_z(why);
    TORI_TRY(tori_job_put(cx, cx->state->customer, &row));
    return note(cx, "notice.given_up", &row);
}

static TORI_RESULT open_address(struct tori_ctx *cx, const struct tori_contact *contact,
                                struct tori_str *out)
{
    struct tori_column_place place =
        tori_place_in(cx->state->customer, &contact->id, "contact.sealed_address");
    struct tori_bytes plain;

    TORI_TRY(tori_column_open(cx, &place, contact->sealed_address, &plain));
    *out = tori_bytes_str(plain);
    return TORI_OK;
}

static TORI_RESULT open_notice(struct tori_ctx *cx, const struct tori_notice *notice,
                               struct delivery *delivery)
{
    const struct tori_aggregate *agg = cx->state->customer;
    const struct tori_user *user = tori_user_find(agg, &notice->user_id);
    struct tori_column_place place = tori_place_in(agg, &notice->id, "notice.sealed_params");

    delivery->parcel.at = notice->created_at;
    delivery->parcel.lang = user != NULL && user->lang == TORI_EN ? TORI_EN : TORI_JA;
    TORI_TRY(tori_copy_str(cx, notice->template, &delivery->template));
    return tori_column_open(cx, &place, notice->sealed_params, &delivery->params);
}

static TORI_RESULT count_try(struct tori_ctx *cx, const struct tori_job *job)
{
    struct tori_job row = *job;

    row.tries++;
    row.due_at = cx->now + TORI_DELIVERY_LEASE_MS;
    TORI_TRY(tori_job_put(cx, cx->state->customer, &row));
    return note(cx, "notice.handed_over", &row);
}

/* What whoever prints a letter finds the addressee by: the firm itself has no reference, and its
 * letters are for one of its operators. */
static struct tori_str addressee(const struct tori_ctx *cx, const struct tori_notice *notice)
{
    const struct tori_aggregate *agg = cx->state->customer;
    const struct tori_user *user = tori_user_find(agg, &notice->user_id);

    if (tori_id_is_none(&agg->customer_id) && user != NULL)
        return user->ref;
    return tori_customer_ref(agg);
}

static TORI_RESULT begin(struct tori_ctx *cx, const struct tori_job *job,
                         const struct tori_notice *notice, const struct tori_contact *contact,
                         struct tori_reply *out)
{
    struct delivery *delivery;

    TORI_TRY(tori_take(cx, sizeof(*delivery), &delivery));
    delivery->parcel.job = job->id;
    delivery->parcel.kind = contact == NULL ? TORI_PARCEL_LETTER : TORI_PARCEL_MAIL;
    TORI_TRY(open_notice(cx, notice, delivery));
    if (contact != NULL)
        TORI_TRY(open_address(cx, contact, &delivery->parcel.to));
    else
        TORI_TRY(tori_copy_str(cx, addressee(cx, notice), &delivery->parcel.customer));
    TORI_TRY(count_try(cx, job));
    out->view = delivery;
    return TORI_OK;
}

struct tori_result tori_deliver_begin(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_job *job = live_job(cx, in);

    if (job == NULL || job->due_at > cx->now)
        return TORI_OK;
    const struct tori_notice *notice = tori_notice_find(cx->state->customer, &job->ref_id);
    const struct tori_contact *contact = NULL;
    if (notice == NULL)
        return give_up(cx, job, "no notice");
    if (job->kind == TORI_JOB_MAIL) {
        contact = tori_contact_find(cx->state->customer, &job->contact_id);
        if (contact == NULL || contact->state >= TORI_OVER)
            return give_up(cx, job, "no contact");
    }
    /* Tries that never had a result, because a process ended each time, are tries too. */
    if (job->tries >= TORI_DELIVERY_TRIES)
        return give_up(cx, job, "no result");
    return begin(cx, job, notice, contact, out);
}

static TORI_RESULT fill_letter(struct tori_ctx *cx, const struct delivery *delivery,
                               struct tori_parcel *parcel)
{
    static const struct tori_json nothing = {.kind = TORI_JSON_TEXT};
    const struct tori_json *name, *code;
    struct tori_json params;

    TORI_TRY(tori_json_parse(cx, delivery->params, &params));
    name = tori_json_get(&params, TORI_STR("name"));
    code = tori_json_get(&params, TORI_STR("code"));
    parcel->form = delivery->template;
    parcel->name = name == NULL ? nothing.text : name->text;
    parcel->code = code == NULL ? nothing.text : code->text;
    return TORI_OK;
}

/* On a worker, after the commit. What fails here is tried again when the job is due again. */
struct tori_result tori_deliver_hand_over(struct tori_ctx *cx, const void *in,
                                          struct tori_reply *out)
{
    const struct tori_deliver *deliver = in;
    const struct delivery *delivery = out->view;
    struct tori_message message;

    if (delivery == NULL)
        return TORI_OK;
    struct tori_parcel parcel = delivery->parcel;
    struct tori_notify_reader reader = {parcel.lang, cx->app->firm_name[parcel.lang]};
    TORI_TRY(tori_notify_message(cx, delivery->template, &reader, delivery->params, &message));
    if (parcel.kind == TORI_PARCEL_LETTER) {
        TORI_TRY(fill_letter(cx, delivery, &parcel));
    } else {
        TORI_TRY(tori_notify_mail(cx, &reader, &message, &message));
        parcel.subject = message.subject;
    }
    parcel.text = message.body;
    return tori_post_send(cx, deliver->post, &deliver->customer, &parcel);
}

static enum tori_delivery_event event_of(enum tori_parcel_outcome outcome)
{
    switch (outcome) {
    case TORI_PARCEL_DELIVERED:
        return TORI_DELIVERY_DONE;
    case TORI_PARCEL_TEMPORARY:
        return TORI_DELIVERY_TEMPORARY;
    case TORI_PARCEL_PERMANENT:
        return TORI_DELIVERY_REFUSED;
    }
    return TORI_DELIVERY_TEMPORARY;
}

/* The address as the last try has shown it; true when it has just begun to fail. */
static TORI_RESULT mark_contact(struct tori_ctx *cx, const struct tori_job *job, bool works,
                                bool *failed_now)
{
    const struct tori_contact *contact = tori_contact_find(cx->state->customer, &job->contact_id);

    *failed_now = false;
    if (contact == NULL || contact->state >= TORI_OVER)
        return TORI_OK;
    struct tori_contact row = *contact;
    row.state = works ? TORI_CONTACT_ACTIVE : TORI_CONTACT_BOUNCING;
    if (row.state == contact->state)
        return TORI_OK;
    *failed_now = !works;
    return tori_contact_put(cx, cx->state->customer, &row);
}

/* NOTIFY-11: another channel tells that this one failed, once. */
static TORI_RESULT tell_failure(struct tori_ctx *cx, const struct tori_job *job)
{
    const struct tori_aggregate *agg = cx->state->customer;
    const struct tori_notice *notice = tori_notice_find(agg, &job->ref_id);
    const struct tori_notify_param param[] = {
        tori_notify_time("time", cx->now),
        tori_notify_word("kind", job->kind == TORI_JOB_LETTER ? "letter" : "mail"),
        TORI_NOTIFY_END,
    };

    if (notice == NULL)
        return TORI_OK;
    struct tori_tell tell = {
        .agg = cx->state->customer,
        .user = tori_user_find(agg, &notice->user_id),
        .template = "delivery_failed",
        .param = param,
    };
    return tell.user == NULL ? TORI_OK : tori_notice_tell(cx, &tell);
}

static TORI_RESULT settle_delivered(struct tori_ctx *cx, const struct tori_job *job)
{
    const struct tori_notice *notice = tori_notice_find(cx->state->customer, &job->ref_id);
    bool failed_now;

    if (job->kind == TORI_JOB_MAIL)
        return mark_contact(cx, job, true, &failed_now);
    /* The letter is out; the code in it need lie nowhere any more. */
    return notice == NULL ? TORI_OK : tori_notice_drop(cx, cx->state->customer, notice);
}

static TORI_RESULT settle_failed(struct tori_ctx *cx, const struct tori_job *job,
                                 enum tori_parcel_step step)
{
    bool failed_now = true;

    if (job->kind == TORI_JOB_MAIL && step == TORI_PARCEL_AT_RECIPIENT)
        TORI_TRY(mark_contact(cx, job, false, &failed_now));
    return failed_now ? tell_failure(cx, job) : TORI_OK;
}

struct tori_result tori_deliver_result(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_deliver *deliver = in;
    const struct tori_job *job = live_job(cx, deliver);
    char text[TORI_PARCEL_RESULT_TEXT];

    (void)out;
    if (job == NULL)
        return TORI_OK;
    struct tori_job row = *job;
    tori_parcel_result_text(&deliver->result, text);
    TORI_TRY(tori_copy_str(cx, tori_str_z(text), &row.last_error));
    row.state = tori_delivery_next(event_of(deliver->result.outcome), row.tries);
    if (row.state == TORI_JOB_DUE)
        row.due_at = cx->now + tori_delivery_wait_ms(row.tries);
    TORI_TRY(tori_job_put(cx, cx->state->customer, &row));
    TORI_TRY(
        note(cx, row.state == TORI_JOB_DONE ? "notice.delivered" : "notice.not_delivered", &row));
    if (row.state == TORI_JOB_DONE)
        return settle_delivered(cx, &row);
    return row.state == TORI_JOB_FAILED ? settle_failed(cx, &row, deliver->result.step) : TORI_OK;
}
