/* GET /login of the customers' host: begins a visit and leads there. */
#include "http/endpoint.h"
#include "http/page/layout.h"
#include "service/centre.h"

const struct tori_endpoint tori_endpoint_page_login = {
    .listener = TORI_LISTENER_CUSTOMER,
    .method = TORI_GET,
    .path = "/login",
    .summary = "Log in to the security centre",
    .group = "pages",
    .auth = TORI_AUTH_NONE,
    .rate = TORI_RATE_PAGE,
    .input_size = sizeof(struct tori_centre_ask),
    .decide = tori_start_login_page,
    .page = true,
};
