/* GET /enrol of the operators' host: who has a code? */
#include "http/endpoint.h"
#include "http/page/layout.h"
#include "service/centre.h"

const struct tori_endpoint tori_endpoint_console_enrol = {
    .listener = TORI_LISTENER_OPERATOR,
    .method = TORI_GET,
    .path = "/enrol",
    .summary = "Register a passkey",
    .group = "console",
    .auth = TORI_AUTH_NONE,
    .rate = TORI_RATE_PAGE,
    .input_size = sizeof(struct tori_centre_ask),
    .decide = tori_start_enrol_page,
    .finish = tori_page_start,
    .page = true,
};
