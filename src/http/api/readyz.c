/* GET /readyz: this process owns its shard and may serve. A standby answers 503 here. */
#include "http/health.h"

static TORI_RESULT finish(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    tori_err why = tori_http_not_ready(cx);

    (void)in;
    if (why != TORI_ERR_NONE)
        return (struct tori_result){why};
    tori_reply_word(out, "status", "ready");
    return TORI_OK;
}

static const tori_err errors[] = {TORI_ERR_NOT_OWNER, TORI_ERR_STORE_AWAY, TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_readyz = {
    .listener = TORI_LISTENER_METRICS,
    .also = 1u << TORI_LISTENER_ADMIN,
    .method = TORI_GET,
    .path = "/readyz",
    .summary = "The process may serve",
    .group = "house",
    .auth = TORI_AUTH_NONE,
    .rate = TORI_RATE_NONE,
    .errors = errors,
    .finish = finish,
};
