/* GET /login of the operators' host. */
#include "http/endpoint.h"
#include "http/page/layout.h"
#include "service/centre.h"

const struct tori_endpoint tori_endpoint_console_login = {
    .listener = TORI_LISTENER_OPERATOR,
    .method = TORI_GET,
    .path = "/login",
    .summary = "Log in",
    .group = "console",
    .auth = TORI_AUTH_NONE,
    .rate = TORI_RATE_PAGE,
    .input_size = sizeof(struct tori_centre_ask),
    .decide = tori_start_page,
    .finish = tori_page_start,
    .page = true,
};
