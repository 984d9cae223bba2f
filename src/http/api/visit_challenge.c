/* POST /v1/i/{id}/challenge: a fresh challenge; the first one binds the visit to this browser. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/visit.h"

static const struct tori_field fields[] = {
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_INTERACTION_UNKNOWN, TORI_ERR_INTERACTION_OTHER_BROWSER,
                                  TORI_ERR_INTERACTION_STATE, TORI_ERR_OPERATION_EXPIRED,
                                  TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_visit_challenge = {
    .listener = TORI_LISTENER_CUSTOMER,
    .also = 1u << TORI_LISTENER_OPERATOR,
    .method = TORI_POST,
    .path = "/v1/i/{id}/challenge",
    .summary = "Ask for a challenge",
    .group = "visits",
    .auth = TORI_AUTH_NONE,
    .rate = TORI_RATE_CEREMONY,
    .fields = fields,
    .input_size = sizeof(struct tori_visit_ask),
    .answer = tori_answer_challenge,
    .errors = errors,
    .prepare = tori_visit_prepare,
    .decide = tori_visit_challenge,
    .quick = true,
};
