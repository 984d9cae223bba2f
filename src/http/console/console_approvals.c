/* GET / of the operators' host: what waits for signatures. */
#include "http/endpoint.h"
#include "http/page/layout.h"
#include "service/centre.h"

static const tori_err errors[] = {TORI_ERR_NO_SESSION, TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_console_approvals = {
    .listener = TORI_LISTENER_OPERATOR,
    .method = TORI_GET,
    .path = "/",
    .summary = "Approvals",
    .group = "console",
    .auth = TORI_AUTH_SESSION,
    .rate = TORI_RATE_PAGE,
    .input_size = sizeof(struct tori_centre_ask),
    .errors = errors,
    .prepare = tori_centre_prepare,
    .decide = tori_approvals_page,
    .finish = tori_page_approvals,
    .page = true,
};
