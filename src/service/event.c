/* What a channel reports after the fact. An event changes nothing but what the customer knows. */
#include "base/hash.h"
#include "service/customer.h"
#include "service/facts.h"
#include "service/notice.h"

static TORI_RESULT check(struct tori_ctx *cx, const struct tori_event *event,
                         const struct tori_event *first)
{
    if (!tori_str_eq(event->type, TORI_STR("order.filled")))
        return TORI_FAIL(cx, BAD_FIELD, tori_word("field", "type"));
    if (!tori_str_eq(event->customer, first->customer))
        return TORI_FAIL(cx, BAD_FIELD, tori_word("field", "customer"));
    if (event->occurred_at > cx->now + 5 * TORI_MINUTE_MS)
        return TORI_FAIL(cx, OCCURRED_AT_OFF);
    return TORI_OK;
}

struct tori_result tori_events_prepare(struct tori_ctx *cx, void *in)
{
    const struct tori_events *events = in;
    const struct tori_event *event = events->events.at;

    if (events->events.count == 0)
        return TORI_FAIL(cx, MISSING_FIELD, tori_word("field", "events"));
    for (size_t i = 0; i < events->events.count; i++)
        TORI_TRY(check(cx, &event[i], &event[0]));
    return tori_facts_customer(cx, event[0].customer, &cx->route);
}

/* Repeats of 24 hours are dropped by the same table that keeps first answers. */
static TORI_RESULT is_repeat(struct tori_ctx *cx, const struct tori_channel *channel,
                             const struct tori_event *event, bool *repeat)
{
    struct tori_aggregate *agg = cx->state->customer;
    const struct tori_bytes part[] = {TORI_BYTES_OF("event"), tori_id_bytes(&channel->id),
                                      tori_str_bytes(event->id)};
    struct tori_idempotency row = {
        .customer_id = agg->customer_id,
        .id = tori_id_new(&cx->random, cx->now, tori_id_bucket(&agg->customer_id)),
        .key_hash = tori_sha256_parts(part, 3),
        .created_at = cx->now};

    for (size_t i = 0; i < tori_idempotency_count(agg); i++)
        if (tori_hash_eq(&tori_idempotency_at(agg, i)->key_hash, &row.key_hash)) {
            *repeat = true;
            return TORI_OK;
        }
    *repeat = false;
    return tori_idempotency_put(cx, agg, &row);
}

/* NOTIFY-02: every user who may see the account hears of the trade. */
static TORI_RESULT tell(struct tori_ctx *cx, const struct tori_channel *channel,
                        const struct tori_event *event, const struct tori_account *account)
{
    struct tori_aggregate *agg = cx->state->customer;
    struct tori_notify_param param[] = {
        tori_notify_time("time", event->occurred_at),
        tori_notify_text("channel", channel->name),
        tori_notify_word("side", tori_sides[event->fields.side]),
        tori_notify_text("symbol", event->fields.symbol),
        tori_notify_int("quantity", event->fields.quantity),
        tori_notify_money("price", event->fields.price.currency, event->fields.price.minor),
        TORI_NOTIFY_END,
    };

    if (event->fields.price.currency.len == 0)
        param[5] = (struct tori_notify_param)TORI_NOTIFY_END;
    for (size_t i = 0; i < tori_user_count(agg); i++) {
        struct tori_tell one = {
            .agg = agg,
            .user = tori_user_at(agg, i),
            .template = "order_filled",
            .param = param,
            .operation_id = event->fields.operation_id,
        };
        if ((tori_rights_of(agg, &one.user->id, &account->id) & TORI_RIGHT_VIEW) != 0)
            TORI_TRY(tori_notice_tell(cx, &one));
    }
    return TORI_OK;
}

static TORI_RESULT take(struct tori_ctx *cx, const struct tori_channel *channel,
                        const struct tori_event *event)
{
    const struct tori_account *account = tori_account_by_ref(cx->state->customer, event->account);
    struct tori_record record;
    bool repeat;

    if (account == NULL)
        return TORI_FAIL(cx, BAD_FIELD, tori_word("field", "account"));
    TORI_TRY(is_repeat(cx, channel, event, &repeat));
    if (repeat)
        return TORI_OK;
    tori_journal_begin(cx, "event.order_filled", &record);
    tori_out_id(&record.entry.out, "channel", &channel->id);
    tori_out_id(&record.entry.out, "account", &account->id);
    TORI_TRY(tori_journal_end(cx, &record, NULL));
    return tell(cx, channel, event, account);
}

struct tori_result tori_events_decide(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_events *events = in;
    const struct tori_event *event = events->events.at;
    const struct tori_channel *channel;

    TORI_TRY(tori_channel_require(cx, TORI_CHANNEL_RECORDS, &channel));
    if (!cx->state->customer->known)
        return TORI_FAIL(cx, CUSTOMER_UNKNOWN);
    for (size_t i = 0; i < events->events.count; i++)
        TORI_TRY(take(cx, channel, &event[i]));
    tori_reply_status(out, 202);
    tori_reply_int(out, "accepted", (int64_t)events->events.count);
    return TORI_OK;
}
