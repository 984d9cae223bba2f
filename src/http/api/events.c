/* POST /v1/events: what happened at the channel, for the customer to know. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/customer.h"

static const struct tori_field price_fields[] = {
    {.name = "currency",
     .kind = TORI_FIELD_TEXT,
     .offset = offsetof(struct tori_event, fields.price.currency) -
               offsetof(struct tori_event, fields.price),
     .min = 3,
     .max = 3},
    {.name = "minor",
     .kind = TORI_FIELD_INT,
     .offset = offsetof(struct tori_event, fields.price.minor) -
               offsetof(struct tori_event, fields.price),
     .min = 1,
     .max = INT64_MAX},
    TORI_FIELDS_END,
};

#define FIELD(member)                                                                              \
    (offsetof(struct tori_event, fields.member) - offsetof(struct tori_event, fields))

static const struct tori_field order_fields[] = {
    {.name = "side", .kind = TORI_FIELD_WORD, .offset = FIELD(side), .words = tori_sides},
    {.name = "symbol", .kind = TORI_FIELD_TEXT, .offset = FIELD(symbol), .min = 1, .max = 12},
    {.name = "quantity",
     .kind = TORI_FIELD_INT,
     .offset = FIELD(quantity),
     .min = 1,
     .max = 1000000000},
    {.name = "price",
     .kind = TORI_FIELD_OBJECT,
     .offset = FIELD(price),
     .sub = price_fields,
     .optional = true},
    {.name = "operation_id",
     .kind = TORI_FIELD_ID,
     .offset = FIELD(operation_id),
     .optional = true},
    TORI_FIELDS_END,
};

static const struct tori_field event_fields[] = {
    TORI_TEXT(struct tori_event, id, 1, 64),
    TORI_TEXT(struct tori_event, type, 1, 64),
    TORI_TIME(struct tori_event, occurred_at),
    TORI_TEXT(struct tori_event, customer, 1, 64),
    TORI_TEXT(struct tori_event, account, 1, 64),
    {.name = "fields",
     .kind = TORI_FIELD_OBJECT,
     .offset = offsetof(struct tori_event, fields),
     .sub = order_fields},
    TORI_FIELDS_END,
};

static const struct tori_field fields[] = {
    {.name = "events",
     .kind = TORI_FIELD_LIST,
     .offset = offsetof(struct tori_events, events),
     .min = 1,
     .max = 20,
     .sub = event_fields,
     .item_size = sizeof(struct tori_event)},
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_CHANNEL_UNKNOWN, TORI_ERR_CHANNEL_NOT_ALLOWED,
                                  TORI_ERR_CUSTOMER_UNKNOWN, TORI_ERR_OCCURRED_AT_OFF,
                                  TORI_ERR_NONE};

static const struct tori_field answer[] = {
    TORI_SAYS(INT, "accepted"),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_events = {
    .listener = TORI_LISTENER_CHANNEL,
    .method = TORI_POST,
    .path = "/v1/events",
    .summary = "Report events",
    .group = "events",
    .auth = TORI_AUTH_CHANNEL,
    .rate = TORI_RATE_API,
    .fields = fields,
    .input_size = sizeof(struct tori_events),
    .answer = answer,
    .errors = errors,
    .prepare = tori_events_prepare,
    .decide = tori_events_decide,
};
