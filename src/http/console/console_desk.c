/* GET /desk: find a customer. */
#include "http/endpoint.h"
#include "http/page/layout.h"
#include "service/desk.h"

static const tori_err errors[] = {TORI_ERR_NO_SESSION, TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_console_desk = {
    .listener = TORI_LISTENER_OPERATOR,
    .method = TORI_GET,
    .path = "/desk",
    .summary = "The desk",
    .group = "console",
    .auth = TORI_AUTH_SESSION,
    .rate = TORI_RATE_PAGE,
    .input_size = sizeof(struct tori_desk_find),
    .errors = errors,
    .prepare = tori_desk_page_prepare,
    .decide = tori_desk_page,
    .finish = tori_page_desk,
    .page = true,
};
