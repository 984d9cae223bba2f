/* POST /v1/desk/find: from the firm's reference to the page of the customer. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/desk.h"

static const struct tori_field fields[] = {
    TORI_TEXT(struct tori_desk_find, ref, 1, 64),
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_NO_SESSION, TORI_ERR_CUSTOMER_UNKNOWN, TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_desk_find = {
    .listener = TORI_LISTENER_OPERATOR,
    .method = TORI_POST,
    .path = "/v1/desk/find",
    .summary = "Find a customer",
    .group = "desk",
    .auth = TORI_AUTH_SESSION,
    .rate = TORI_RATE_PAGE,
    .fields = fields,
    .input_size = sizeof(struct tori_desk_find),
    .answer = tori_answer_next,
    .errors = errors,
    .prepare = tori_desk_find_prepare,
    .decide = tori_desk_find_decide,
};
