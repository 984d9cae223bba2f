/* POST /v1/approvals/policy: asks for a change of policy. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/desk.h"

static const struct tori_field fields[] = {
    TORI_TEXT(struct tori_desk_policy, name, 1, 64),
    TORI_INT(struct tori_desk_policy, value, 0, INT64_MAX),
    {.name = "note",
     .kind = TORI_FIELD_TEXT,
     .offset = offsetof(struct tori_desk_policy, note),
     .max = 200,
     .optional = true},
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_NO_SESSION, TORI_ERR_POLICY_BOUND, TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_approvals_policy = {
    .listener = TORI_LISTENER_OPERATOR,
    .method = TORI_POST,
    .path = "/v1/approvals/policy",
    .summary = "Ask for a change of policy",
    .group = "approvals",
    .auth = TORI_AUTH_SESSION,
    .rate = TORI_RATE_PAGE,
    .fields = fields,
    .input_size = sizeof(struct tori_desk_policy),
    .answer = tori_answer_approval,
    .errors = errors,
    .prepare = tori_desk_policy_prepare,
    .decide = tori_desk_policy_decide,
};
