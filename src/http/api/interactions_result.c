/* POST /v1/interactions/{id}/result: the channel collects what its browser brought back. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/visit.h"

static const struct tori_field fields[] = {
    TORI_TEXT(struct tori_visit_ask, code, 1, 128),
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_CHANNEL_UNKNOWN,     TORI_ERR_CHANNEL_NOT_ALLOWED,
                                  TORI_ERR_INTERACTION_UNKNOWN, TORI_ERR_INTERACTION_STATE,
                                  TORI_ERR_CODE_WRONG,          TORI_ERR_CODE_EXPIRED,
                                  TORI_ERR_NO_SESSION,          TORI_ERR_NONE};

/* A login brings a session, a confirmation its operation. */
static const char *const statuses[] = {"collected", NULL};
static const struct tori_field answer[] = {
    TORI_SAYS(ID, "interaction_id"),
    TORI_SAYS_WORD("purpose", tori_visit_purposes),
    TORI_SAYS_WORD("status", statuses),
    TORI_MAY_SAY(TEXT, "customer"),
    TORI_MAY_SAY(TEXT, "user"),
    TORI_MAY_SAY_SUB(OBJECT, "session", tori_answer_session),
    TORI_MAY_SAY_SUB(OBJECT, "operation", tori_answer_operation),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_interactions_result = {
    .listener = TORI_LISTENER_CHANNEL,
    .method = TORI_POST,
    .path = "/v1/interactions/{id}/result",
    .summary = "Collect the result of an interaction",
    .group = "interactions",
    .auth = TORI_AUTH_CHANNEL,
    .rate = TORI_RATE_API,
    .fields = fields,
    .input_size = sizeof(struct tori_visit_ask),
    .answer = answer,
    .errors = errors,
    .prepare = tori_visit_prepare,
    .decide = tori_visit_result,
    .quick = true,
};
