/* POST /v1/login: our own host begins a login, to the security centre or the console. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/centre.h"

static const struct tori_field fields[] = {
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_login = {
    .listener = TORI_LISTENER_CUSTOMER,
    .also = 1u << TORI_LISTENER_OPERATOR,
    .method = TORI_POST,
    .path = "/v1/login",
    .summary = "Begin a login",
    .group = "visits",
    .auth = TORI_AUTH_NONE,
    .rate = TORI_RATE_CEREMONY,
    .fields = fields,
    .input_size = sizeof(struct tori_centre_ask),
    .answer = tori_answer_next,
    .decide = tori_start_login,
};
