/* POST /v1/admin/operators: the first two at once, later ones by approval. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/admin.h"

static const struct tori_field fields[] = {
    TORI_TEXT(struct tori_admin_operator, ref, 1, 64),
    TORI_TEXT(struct tori_admin_operator, name, 1, 128),
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_ALREADY_EXISTS, TORI_ERR_NONE};

/* A code at once, or an approval that waits. */
static const struct tori_field answer[] = {
    TORI_MAY_SAY(TEXT, "code"),
    TORI_MAY_SAY(TIME, "expires_at"),
    TORI_MAY_SAY(ID, "approval_id"),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_admin_operators = {
    .listener = TORI_LISTENER_ADMIN,
    .method = TORI_POST,
    .path = "/v1/admin/operators",
    .summary = "Add an operator",
    .group = "admin",
    .auth = TORI_AUTH_ADMIN,
    .rate = TORI_RATE_NONE,
    .fields = fields,
    .input_size = sizeof(struct tori_admin_operator),
    .answer = answer,
    .errors = errors,
    .decide = tori_admin_operator_decide,
};
