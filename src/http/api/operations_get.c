/* GET /v1/operations/{id}: the operation as it stands now. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/operation.h"

static const tori_err errors[] = {TORI_ERR_CHANNEL_UNKNOWN, TORI_ERR_CHANNEL_NOT_ALLOWED,
                                  TORI_ERR_OPERATION_UNKNOWN, TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_operations_get = {
    .listener = TORI_LISTENER_CHANNEL,
    .method = TORI_GET,
    .path = "/v1/operations/{id}",
    .summary = "Read an operation",
    .group = "operations",
    .auth = TORI_AUTH_CHANNEL,
    .rate = TORI_RATE_API,
    .input_size = sizeof(struct tori_operation_name),
    .answer = tori_answer_operation,
    .errors = errors,
    .prepare = tori_operation_name_prepare,
    .decide = tori_operation_get,
    .quick = true,
};
