/* POST /v1/desk/proofings: what the desk checked of a person's identity; opens an approval. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/desk.h"

static const struct tori_field fields[] = {
    TORI_TEXT(struct tori_desk_proofing, customer, 1, 64),
    {.name = "user",
     .kind = TORI_FIELD_TEXT,
     .offset = offsetof(struct tori_desk_proofing, user),
     .min = 1,
     .max = 64,
     .optional = true},
    TORI_WORD(struct tori_desk_proofing, kind, tori_proofing_kinds),
    TORI_TEXT(struct tori_desk_proofing, checked, 1, 400),
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_NO_SESSION, TORI_ERR_CUSTOMER_UNKNOWN, TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_desk_proofings = {
    .listener = TORI_LISTENER_OPERATOR,
    .method = TORI_POST,
    .path = "/v1/desk/proofings",
    .summary = "Record an identity proofing",
    .group = "desk",
    .auth = TORI_AUTH_SESSION,
    .rate = TORI_RATE_PAGE,
    .fields = fields,
    .input_size = sizeof(struct tori_desk_proofing),
    .answer = tori_answer_approval,
    .errors = errors,
    .prepare = tori_desk_proofing_prepare,
    .decide = tori_desk_proofing_decide,
};
