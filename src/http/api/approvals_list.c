/* GET /v1/approvals: what waits for signatures. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/approval.h"

static const tori_err errors[] = {TORI_ERR_NO_SESSION, TORI_ERR_NONE};

static const char *const states[] = {"open", "done", "rejected", "expired", NULL};
static const struct tori_field approval[] = {
    TORI_SAYS(ID, "approval_id"),  TORI_SAYS(TEXT, "action"), TORI_SAYS(TEXT, "target"),
    TORI_SAYS(TEXT, "value"),      TORI_SAYS(TEXT, "note"),   TORI_SAYS_WORD("state", states),
    TORI_SAYS(INT, "signatures"),  TORI_SAYS(INT, "needed"),  TORI_SAYS(TIME, "created_at"),
    TORI_SAYS(TIME, "expires_at"), TORI_FIELDS_END,
};

static const struct tori_field answer[] = {
    TORI_SAYS_SUB(LIST, "approvals", approval),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_approvals_list = {
    .listener = TORI_LISTENER_OPERATOR,
    .method = TORI_GET,
    .path = "/v1/approvals",
    .summary = "List approvals",
    .group = "approvals",
    .auth = TORI_AUTH_SESSION,
    .rate = TORI_RATE_PAGE,
    .input_size = sizeof(struct tori_approval_name),
    .answer = answer,
    .errors = errors,
    .prepare = tori_approval_list_prepare,
    .decide = tori_approval_list,
};
