/* POST /v1/i/{id}/code: the enrolment code of the letter. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/credential.h"

static const struct tori_field fields[] = {
    TORI_TEXT(struct tori_enrol_code, code, 1, 32),
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_INTERACTION_UNKNOWN,
                                  TORI_ERR_INTERACTION_OTHER_BROWSER,
                                  TORI_ERR_INTERACTION_STATE,
                                  TORI_ERR_ENROL_CLOSED,
                                  TORI_ERR_ENROL_CODE_WRONG,
                                  TORI_ERR_ENROL_CODE_SPENT,
                                  TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_visit_code = {
    .listener = TORI_LISTENER_CUSTOMER,
    .also = 1u << TORI_LISTENER_OPERATOR,
    .method = TORI_POST,
    .path = "/v1/i/{id}/code",
    .summary = "Give the enrolment code",
    .group = "visits",
    .auth = TORI_AUTH_NONE,
    .rate = TORI_RATE_CODE,
    .fields = fields,
    .input_size = sizeof(struct tori_enrol_code),
    .answer = tori_answer_challenge,
    .errors = errors,
    .prepare = tori_enrol_code_prepare,
    .decide = tori_enrol_code_decide,
};
