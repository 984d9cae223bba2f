/* GET /locked: where a customer ends up who stopped the account, logged out. */
#include "http/endpoint.h"
#include "http/page/layout.h"
#include "service/centre.h"

const struct tori_endpoint tori_endpoint_locked = {
    .listener = TORI_LISTENER_CUSTOMER,
    .method = TORI_GET,
    .path = "/locked",
    .summary = "The account is stopped",
    .group = "pages",
    .auth = TORI_AUTH_NONE,
    .rate = TORI_RATE_PAGE,
    .input_size = sizeof(struct tori_centre_ask),
    .decide = tori_start_locked_page,
    .finish = tori_page_start,
    .page = true,
};
