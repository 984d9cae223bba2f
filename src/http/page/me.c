/* GET /me: the customer's security centre. */
#include "http/endpoint.h"
#include "http/page/layout.h"
#include "service/centre.h"

const struct tori_endpoint tori_endpoint_me = {
    .listener = TORI_LISTENER_CUSTOMER,
    .method = TORI_GET,
    .path = "/me",
    .summary = "The security centre",
    .group = "pages",
    .auth = TORI_AUTH_NONE, /* without a session it leads to /login */
    .rate = TORI_RATE_PAGE,
    .input_size = sizeof(struct tori_centre_ask),
    .prepare = tori_centre_prepare,
    .decide = tori_centre_page,
    .finish = tori_page_centre,
    .page = true,
};
