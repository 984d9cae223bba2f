/* GET /metrics: counters in the text format of Prometheus 0.0.4. */
#include "http/health.h"

static TORI_RESULT finish(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    (void)in;
    out->content_type = "text/plain; version=0.0.4; charset=utf-8";
    tori_http_metrics(cx, &out->body);
    return TORI_OK;
}

const struct tori_endpoint tori_endpoint_metrics = {
    .listener = TORI_LISTENER_METRICS,
    .also = 1u << TORI_LISTENER_ADMIN,
    .method = TORI_GET,
    .path = "/metrics",
    .summary = "Counters for Prometheus",
    .group = "house",
    .auth = TORI_AUTH_NONE,
    .rate = TORI_RATE_NONE,
    .finish = finish,
    .plain_answer = true,
};
