/* GET /i/{id}/done: the redirect back to where the browser came from, with its single-use code. */
#include "http/endpoint.h"
#include "http/page/layout.h"
#include "service/visit.h"

static const tori_err errors[] = {TORI_ERR_INTERACTION_UNKNOWN, TORI_ERR_INTERACTION_OTHER_BROWSER,
                                  TORI_ERR_INTERACTION_STATE, TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_visit_done = {
    .listener = TORI_LISTENER_CUSTOMER,
    .also = 1u << TORI_LISTENER_OPERATOR,
    .method = TORI_GET,
    .path = "/i/{id}/done",
    .summary = "Go back",
    .group = "pages",
    .auth = TORI_AUTH_VISIT,
    .rate = TORI_RATE_PAGE,
    .input_size = sizeof(struct tori_visit_ask),
    .errors = errors,
    .prepare = tori_visit_prepare,
    .decide = tori_visit_done,
    .quick = true,
    .page = true,
};
