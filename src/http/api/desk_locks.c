/* POST /v1/desk/locks: "not me" by phone; one operator locks at once. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/desk.h"

static const struct tori_field fields[] = {
    TORI_TEXT(struct tori_desk_lock, customer, 1, 64),
    {.name = "user",
     .kind = TORI_FIELD_TEXT,
     .offset = offsetof(struct tori_desk_lock, user),
     .min = 1,
     .max = 64,
     .optional = true},
    {.name = "credential",
     .kind = TORI_FIELD_ID,
     .offset = offsetof(struct tori_desk_lock, credential),
     .optional = true},
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_NO_SESSION, TORI_ERR_CUSTOMER_UNKNOWN,
                                  TORI_ERR_CREDENTIAL_UNKNOWN, TORI_ERR_NONE};

static const struct tori_field answer[] = {
    TORI_SAYS(BOOL, "locked"),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_desk_locks = {
    .listener = TORI_LISTENER_OPERATOR,
    .method = TORI_POST,
    .path = "/v1/desk/locks",
    .summary = "Lock a customer",
    .group = "desk",
    .auth = TORI_AUTH_SESSION,
    .rate = TORI_RATE_PAGE,
    .fields = fields,
    .input_size = sizeof(struct tori_desk_lock),
    .answer = answer,
    .errors = errors,
    .prepare = tori_desk_lock_prepare,
    .decide = tori_desk_lock_decide,
};
