/* POST /v1/approvals/{id}/sign: begins the visit in which this very approval is signed. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/approval.h"

static const struct tori_field fields[] = {
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_NO_SESSION,     TORI_ERR_APPROVAL_UNKNOWN,
                                  TORI_ERR_APPROVAL_STATE, TORI_ERR_APPROVAL_SAME_PERSON,
                                  TORI_ERR_KEYHOLDER_AWAY, TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_approvals_sign = {
    .listener = TORI_LISTENER_OPERATOR,
    .method = TORI_POST,
    .path = "/v1/approvals/{id}/sign",
    .summary = "Sign an approval",
    .group = "approvals",
    .auth = TORI_AUTH_SESSION,
    .rate = TORI_RATE_PAGE,
    .fields = fields,
    .input_size = sizeof(struct tori_approval_name),
    .answer = tori_answer_next,
    .errors = errors,
    .prepare = tori_approval_prepare,
    .decide = tori_approval_sign,
};
