/* GET /readyz: this process owns its shard, everything it needs has answered once, and requests may
 * be sent to it. A standby answers 503 here. What stops important operations later does not make it
 * unready, for logins go on; the answer names it. */
#include "http/answer.h"
#include "http/health.h"

static TORI_RESULT finish(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    struct tori_health health = tori_http_health(cx);

    (void)in;
    if (health.ready != TORI_ERR_NONE)
        return tori_fail(cx, health.ready, __FILE_NAME__, __LINE__,
                         &(struct tori_kv){.kind = TORI_KV_END});
    tori_reply_word(out, "status", "ready");
    tori_reply_word(out, "important_operations",
                    health.important == TORI_ERR_NONE ? "decided"
                                                      : tori_err_name(health.important));
    return TORI_OK;
}

static const tori_err errors[] = {TORI_ERR_NOT_OWNER, TORI_ERR_STORE_AWAY, TORI_ERR_KEYHOLDER_AWAY,
                                  TORI_ERR_NOT_SEALING, TORI_ERR_NONE};

static const char *const words[] = {"ready", NULL};
static const struct tori_field answer[] = {
    TORI_SAYS_WORD("status", words),
    TORI_SAYS(TEXT, "important_operations"),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_readyz = {
    .listener = TORI_LISTENER_METRICS,
    .also = 1u << TORI_LISTENER_ADMIN,
    .method = TORI_GET,
    .path = "/readyz",
    .summary = "Requests may be sent to this process",
    .group = "house",
    .auth = TORI_AUTH_NONE,
    .rate = TORI_RATE_NONE,
    .answer = answer,
    .errors = errors,
    .finish = finish,
};
