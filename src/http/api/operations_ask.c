/* POST /v1/operations: may this be done? */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/operation.h"
#include "service/visit.h"

#define CONTEXT(member)                                                                            \
    (offsetof(struct tori_operation_ask, context.member) -                                         \
     offsetof(struct tori_operation_ask, context))

static const struct tori_field context_fields[] = {
    {.name = "ip",
     .kind = TORI_FIELD_TEXT,
     .offset = CONTEXT(ip),
     .min = 2,
     .max = 45,
     .optional = true},
    {.name = "port",
     .kind = TORI_FIELD_INT,
     .offset = CONTEXT(port),
     .max = 65535,
     .optional = true},
    {.name = "user_agent",
     .kind = TORI_FIELD_TEXT,
     .offset = CONTEXT(user_agent),
     .max = 512,
     .optional = true},
    {.name = "locale",
     .kind = TORI_FIELD_WORD,
     .offset = CONTEXT(locale),
     .words = tori_locales,
     .optional = true},
    TORI_FIELDS_END,
};

static const struct tori_field fields[] = {
    TORI_TEXT(struct tori_operation_ask, type, 1, 64),
    {.name = "type_version",
     .kind = TORI_FIELD_INT,
     .offset = offsetof(struct tori_operation_ask, type_version),
     .min = 1,
     .max = 1000,
     .optional = true},
    TORI_TIME(struct tori_operation_ask, occurred_at),
    TORI_TEXT(struct tori_operation_ask, customer, 1, 64),
    TORI_TEXT(struct tori_operation_ask, account, 1, 64),
    {.name = "user",
     .kind = TORI_FIELD_TEXT,
     .offset = offsetof(struct tori_operation_ask, user),
     .min = 1,
     .max = 64,
     .optional = true},
    TORI_ID(struct tori_operation_ask, session),
    {.name = "channel_session",
     .kind = TORI_FIELD_TEXT,
     .offset = offsetof(struct tori_operation_ask, channel_session),
     .max = 128,
     .optional = true},
    {.name = "context",
     .kind = TORI_FIELD_OBJECT,
     .offset = offsetof(struct tori_operation_ask, context),
     .sub = context_fields,
     .open = true,
     .optional = true},
    {.name = "fields",
     .kind = TORI_FIELD_JSON,
     .offset = offsetof(struct tori_operation_ask, fields),
     .max = 16},
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_CHANNEL_UNKNOWN,
                                  TORI_ERR_CHANNEL_NOT_ALLOWED,
                                  TORI_ERR_CUSTOMER_UNKNOWN,
                                  TORI_ERR_NO_SESSION,
                                  TORI_ERR_NOT_PERMITTED,
                                  TORI_ERR_OPERATION_TYPE_UNKNOWN,
                                  TORI_ERR_OCCURRED_AT_OFF,
                                  TORI_ERR_IDEMPOTENCY_KEY_MISSING,
                                  TORI_ERR_IDEMPOTENCY_KEY_REUSED,
                                  TORI_ERR_KEYHOLDER_AWAY,
                                  TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_operations_ask = {
    .listener = TORI_LISTENER_CHANNEL,
    .method = TORI_POST,
    .path = "/v1/operations",
    .summary = "Ask for an operation",
    .group = "operations",
    .auth = TORI_AUTH_CHANNEL,
    .rate = TORI_RATE_API,
    .fields = fields,
    .input_size = sizeof(struct tori_operation_ask),
    .answer = tori_answer_operation,
    .errors = errors,
    .prepare = tori_operation_ask_prepare,
    .decide = tori_operation_ask_decide,
    .quick = true,
    .idempotency = true,
};
