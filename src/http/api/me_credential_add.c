/* POST /v1/me/credentials: a further passkey, to be agreed to by an existing one. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/centre.h"

static const struct tori_field fields[] = {
    TORI_TEXT(struct tori_centre_ask, label, 1, 64),
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_NO_SESSION, TORI_ERR_KEYHOLDER_AWAY, TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_me_credential_add = {
    .listener = TORI_LISTENER_CUSTOMER,
    .method = TORI_POST,
    .path = "/v1/me/credentials",
    .summary = "Add a passkey",
    .group = "me",
    .auth = TORI_AUTH_SESSION,
    .rate = TORI_RATE_PAGE,
    .fields = fields,
    .input_size = sizeof(struct tori_centre_ask),
    .answer = tori_answer_next,
    .errors = errors,
    .prepare = tori_centre_prepare,
    .decide = tori_centre_add,
};
