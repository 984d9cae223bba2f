/* POST /v1/operations/{id}/redeem: immediately before it is carried out, once. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/operation.h"

static const struct tori_field fields[] = {
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_CHANNEL_UNKNOWN,   TORI_ERR_CHANNEL_NOT_ALLOWED,
                                  TORI_ERR_OPERATION_UNKNOWN, TORI_ERR_OPERATION_STATE,
                                  TORI_ERR_KEYHOLDER_AWAY,    TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_operations_redeem = {
    .listener = TORI_LISTENER_CHANNEL,
    .method = TORI_POST,
    .path = "/v1/operations/{id}/redeem",
    .summary = "Redeem an operation",
    .group = "operations",
    .auth = TORI_AUTH_CHANNEL,
    .rate = TORI_RATE_API,
    .fields = fields,
    .input_size = sizeof(struct tori_operation_name),
    .answer = tori_answer_operation,
    .errors = errors,
    .prepare = tori_operation_name_prepare,
    .decide = tori_operation_redeem,
    .quick = true,
};
