/* GET /checkpoint: the newest checkpoint of the evidence log. */
#include "http/endpoint.h"
#include "service/log_read.h"

static const tori_err errors[] = {TORI_ERR_CHANNEL_UNKNOWN, TORI_ERR_NOT_FOUND, TORI_ERR_STORE_AWAY,
                                  TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_log_checkpoint = {
    .listener = TORI_LISTENER_CHANNEL,
    .method = TORI_GET,
    .path = "/checkpoint",
    .summary = "The newest checkpoint of the evidence log",
    .group = "evidence",
    .auth = TORI_AUTH_CHANNEL,
    .rate = TORI_RATE_API,
    .input_size = sizeof(struct tori_log_ask),
    .errors = errors,
    .prepare = tori_log_checkpoint,
    .finish = tori_log_finish_text,
    .plain_answer = true,
};
