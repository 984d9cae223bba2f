/* POST /v1/admin/clock: moves the wall clock of a running test build. Release builds answer 404 and
 * hold no such code. */
#include "http/answer.h"
#include "http/endpoint.h"

struct clock_ask {
    int64_t shift_ms;
};

static const struct tori_field fields[] = {
    TORI_INT(struct clock_ask, shift_ms, -TORI_DAY_MS * 400, TORI_DAY_MS * 400),
    TORI_FIELDS_END,
};

static TORI_RESULT prepare(struct tori_ctx *cx, void *in)
{
#ifdef TORI_TEST_BUILD
    const struct clock_ask *ask = in;

    (void)cx;
    tori_clock_shift(ask->shift_ms);
    return TORI_OK;
#else
    (void)in;
    return TORI_FAIL(cx, NOT_FOUND);
#endif
}

static TORI_RESULT finish(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    (void)cx, (void)in;
    tori_reply_time(out, "now", tori_clock_wall());
    return TORI_OK;
}

static const struct tori_field answer[] = {
    TORI_SAYS(TIME, "now"),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_admin_clock = {
    .listener = TORI_LISTENER_ADMIN,
    .method = TORI_POST,
    .path = "/v1/admin/clock",
    .summary = "Move the clock of a test build",
    .group = "admin",
    .auth = TORI_AUTH_ADMIN,
    .rate = TORI_RATE_NONE,
    .fields = fields,
    .input_size = sizeof(struct clock_ask),
    .answer = answer,
    .prepare = prepare,
    .finish = finish,
};
