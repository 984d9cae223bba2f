/* GET /me: the customer's security centre. */
#include "http/endpoint.h"
#include "http/page/layout.h"
#include "service/centre.h"

static const tori_err errors[] = {TORI_ERR_NO_SESSION, TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_me = {
    .listener = TORI_LISTENER_CUSTOMER,
    .method = TORI_GET,
    .path = "/me",
    .summary = "The security centre",
    .group = "pages",
    .auth = TORI_AUTH_SESSION,
    .rate = TORI_RATE_PAGE,
    .input_size = sizeof(struct tori_centre_ask),
    .errors = errors,
    .prepare = tori_centre_prepare,
    .decide = tori_centre_page,
    .finish = tori_page_centre,
    .page = true,
};
