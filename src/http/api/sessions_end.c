/* POST /v1/sessions/end: the customer has logged out of the channel. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/session.h"

static const struct tori_field fields[] = {
    TORI_ID(struct tori_session_ask, session_id),
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_CHANNEL_UNKNOWN, TORI_ERR_CHANNEL_NOT_ALLOWED,
                                  TORI_ERR_NONE};

static const struct tori_field answer[] = {
    TORI_SAYS(BOOL, "active"),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_sessions_end = {
    .listener = TORI_LISTENER_CHANNEL,
    .method = TORI_POST,
    .path = "/v1/sessions/end",
    .summary = "End a session",
    .group = "sessions",
    .auth = TORI_AUTH_CHANNEL,
    .rate = TORI_RATE_API,
    .fields = fields,
    .input_size = sizeof(struct tori_session_ask),
    .answer = answer,
    .errors = errors,
    .prepare = tori_session_ask_prepare,
    .decide = tori_session_end_by_channel,
    .quick = true,
};
