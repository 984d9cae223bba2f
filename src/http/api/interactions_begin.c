/* POST /v1/interactions: a channel sends a browser to our pages. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/visit.h"

static const struct tori_field fields[] = {
    TORI_WORD(struct tori_visit_begin, purpose, tori_visit_purposes),
    TORI_TEXT(struct tori_visit_begin, return_uri, 1, TORI_RETURN_URI_MAX),
    TORI_TEXT(struct tori_visit_begin, state, 8, TORI_RETURN_STATE_MAX),
    {.name = "locale",
     .kind = TORI_FIELD_WORD,
     .offset = offsetof(struct tori_visit_begin, locale),
     .words = tori_locales,
     .optional = true},
    {.name = "operation_id",
     .kind = TORI_FIELD_ID,
     .offset = offsetof(struct tori_visit_begin, operation_id),
     .optional = true},
    {.name = "customer",
     .kind = TORI_FIELD_TEXT,
     .offset = offsetof(struct tori_visit_begin, customer),
     .min = 1,
     .max = 64,
     .optional = true},
    {.name = "user",
     .kind = TORI_FIELD_TEXT,
     .offset = offsetof(struct tori_visit_begin, user),
     .min = 1,
     .max = 64,
     .optional = true},
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_CHANNEL_UNKNOWN,
                                  TORI_ERR_CHANNEL_NOT_ALLOWED,
                                  TORI_ERR_RETURN_URI_UNKNOWN,
                                  TORI_ERR_OPERATION_UNKNOWN,
                                  TORI_ERR_OPERATION_STATE,
                                  TORI_ERR_CUSTOMER_UNKNOWN,
                                  TORI_ERR_NONE};

static const struct tori_field answer[] = {
    TORI_SAYS(ID, "interaction_id"),
    TORI_SAYS(TEXT, "url"),
    TORI_SAYS(TIME, "expires_at"),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_interactions_begin = {
    .listener = TORI_LISTENER_CHANNEL,
    .method = TORI_POST,
    .path = "/v1/interactions",
    .summary = "Begin an interaction",
    .group = "interactions",
    .auth = TORI_AUTH_CHANNEL,
    .rate = TORI_RATE_API,
    .fields = fields,
    .input_size = sizeof(struct tori_visit_begin),
    .answer = answer,
    .errors = errors,
    .prepare = tori_visit_begin_prepare,
    .decide = tori_visit_begin_decide,
    .quick = true,
};
