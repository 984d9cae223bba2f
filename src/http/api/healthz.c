/* GET /healthz: the process turns. Says nothing of whether it may serve; that is /readyz. */
#include "http/answer.h"
#include "http/endpoint.h"

static TORI_RESULT finish(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    (void)cx, (void)in;
    tori_reply_word(out, "status", "ok");
    return TORI_OK;
}

static const char *const words[] = {"ok", NULL};
static const struct tori_field answer[] = {
    TORI_SAYS_WORD("status", words),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_healthz = {
    .listener = TORI_LISTENER_METRICS,
    .also = 1u << TORI_LISTENER_CUSTOMER | 1u << TORI_LISTENER_OPERATOR |
            1u << TORI_LISTENER_CHANNEL | 1u << TORI_LISTENER_ADMIN,
    .method = TORI_GET,
    .path = "/healthz",
    .summary = "The process is alive",
    .group = "house",
    .auth = TORI_AUTH_NONE,
    .rate = TORI_RATE_NONE,
    .answer = answer,
    .finish = finish,
};
