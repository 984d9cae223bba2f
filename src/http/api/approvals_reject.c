/* POST /v1/approvals/{id}/reject: one operator is enough to say no. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/approval.h"

static const struct tori_field fields[] = {
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_NO_SESSION, TORI_ERR_APPROVAL_UNKNOWN,
                                  TORI_ERR_APPROVAL_STATE, TORI_ERR_NONE};

static const char *const states[] = {"rejected", NULL};
static const struct tori_field answer[] = {
    TORI_SAYS_WORD("state", states),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_approvals_reject = {
    .listener = TORI_LISTENER_OPERATOR,
    .method = TORI_POST,
    .path = "/v1/approvals/{id}/reject",
    .summary = "Reject an approval",
    .group = "approvals",
    .auth = TORI_AUTH_SESSION,
    .rate = TORI_RATE_PAGE,
    .fields = fields,
    .input_size = sizeof(struct tori_approval_name),
    .answer = answer,
    .errors = errors,
    .prepare = tori_approval_prepare,
    .decide = tori_approval_reject,
};
