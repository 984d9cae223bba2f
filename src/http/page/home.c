/* GET /: the front page of the customers' host. */
#include "http/endpoint.h"
#include "http/page/layout.h"
#include "service/centre.h"

const struct tori_endpoint tori_endpoint_home = {
    .listener = TORI_LISTENER_CUSTOMER,
    .method = TORI_GET,
    .path = "/",
    .summary = "The front page",
    .group = "pages",
    .auth = TORI_AUTH_NONE,
    .rate = TORI_RATE_PAGE,
    .input_size = sizeof(struct tori_centre_ask),
    .decide = tori_start_page,
    .finish = tori_page_start,
    .page = true,
};
