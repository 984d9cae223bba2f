/* GET /v1/approvals: what waits for signatures. */
#include "http/endpoint.h"
#include "service/approval.h"

static const tori_err errors[] = {TORI_ERR_NO_SESSION, TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_approvals_list = {
    .listener = TORI_LISTENER_OPERATOR,
    .method = TORI_GET,
    .path = "/v1/approvals",
    .summary = "List approvals",
    .group = "approvals",
    .auth = TORI_AUTH_SESSION,
    .rate = TORI_RATE_PAGE,
    .input_size = sizeof(struct tori_approval_name),
    .errors = errors,
    .prepare = tori_approval_list_prepare,
    .decide = tori_approval_list,
};
