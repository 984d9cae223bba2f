/* POST /v1/enrol: an operator with a code begins to register a passkey. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/centre.h"

static const struct tori_field fields[] = {
    TORI_TEXT(struct tori_centre_ask, operator, 1, 64),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_enrol = {
    .listener = TORI_LISTENER_OPERATOR,
    .method = TORI_POST,
    .path = "/v1/enrol",
    .summary = "Begin an operator's enrolment",
    .group = "visits",
    .auth = TORI_AUTH_NONE,
    .rate = TORI_RATE_CODE,
    .fields = fields,
    .input_size = sizeof(struct tori_centre_ask),
    .answer = tori_answer_next,
    .decide = tori_start_enrol,
};
