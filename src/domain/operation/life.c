#include "domain/operation/operation.h"

struct step {
    int64_t from;
    int event;
    int64_t to;
};

static const struct step operation_steps[] = {
    {TORI_OP_OPEN, TORI_OP_ALLOW, TORI_OP_ALLOWED},
    {TORI_OP_OPEN, TORI_OP_ASK, TORI_OP_STEP_UP},
    {TORI_OP_OPEN, TORI_OP_HOLD, TORI_OP_HELD},
    {TORI_OP_OPEN, TORI_OP_DENY, TORI_OP_DENIED},
    {TORI_OP_STEP_UP, TORI_OP_PROVE, TORI_OP_ALLOWED},
    {TORI_OP_STEP_UP, TORI_OP_DENY, TORI_OP_DENIED},
    {TORI_OP_STEP_UP, TORI_OP_TOO_LATE, TORI_OP_EXPIRED},
    {TORI_OP_HELD, TORI_OP_ALLOW, TORI_OP_ALLOWED},
    {TORI_OP_HELD, TORI_OP_DENY, TORI_OP_DENIED},
    {TORI_OP_HELD, TORI_OP_TOO_LATE, TORI_OP_EXPIRED},
    {TORI_OP_ALLOWED, TORI_OP_REDEEM, TORI_OP_REDEEMED},
    {TORI_OP_ALLOWED, TORI_OP_DENY, TORI_OP_DENIED},
    {TORI_OP_ALLOWED, TORI_OP_TOO_LATE, TORI_OP_LAPSED},
};

static const struct step visit_steps[] = {
    {TORI_VISIT_OPENED, TORI_VISIT_BIND, TORI_VISIT_BOUND},
    {TORI_VISIT_BOUND, TORI_VISIT_AGREE, TORI_VISIT_AGREED},
    {TORI_VISIT_BOUND, TORI_VISIT_PROVE, TORI_VISIT_PROVED},
    {TORI_VISIT_AGREED, TORI_VISIT_PROVE, TORI_VISIT_PROVED},
    {TORI_VISIT_PROVED, TORI_VISIT_COLLECT, TORI_VISIT_COLLECTED},
    {TORI_VISIT_OPENED, TORI_VISIT_FAIL, TORI_VISIT_FAILED},
    {TORI_VISIT_BOUND, TORI_VISIT_FAIL, TORI_VISIT_FAILED},
    {TORI_VISIT_AGREED, TORI_VISIT_FAIL, TORI_VISIT_FAILED},
    {TORI_VISIT_PROVED, TORI_VISIT_FAIL, TORI_VISIT_FAILED},
};

struct table {
    const struct step *step;
    size_t count;
};

static bool walk(struct table table, int64_t from, int event, int64_t *to)
{
    for (size_t i = 0; i < table.count; i++)
        if (table.step[i].from == from && table.step[i].event == event) {
            *to = table.step[i].to;
            return true;
        }
    return false;
}

struct tori_result tori_operation_step(struct tori_ctx *cx, int64_t from,
                                       enum tori_operation_event event, int64_t *to)
{
    struct table table = {operation_steps, sizeof(operation_steps) / sizeof(operation_steps[0])};

    if (!walk(table, from, (int)event, to))
        return TORI_FAIL(cx, OPERATION_STATE, tori_i64("from", from), tori_i64("event", event));
    return TORI_OK;
}

struct tori_result tori_visit_step(struct tori_ctx *cx, int64_t from, enum tori_visit_event event,
                                   int64_t *to)
{
    struct table table = {visit_steps, sizeof(visit_steps) / sizeof(visit_steps[0])};

    if (!walk(table, from, (int)event, to))
        return TORI_FAIL(cx, INTERACTION_STATE, tori_i64("from", from), tori_i64("event", event));
    return TORI_OK;
}

const char *tori_operation_state_name(int64_t state)
{
    switch ((enum tori_operation_state)state) {
    case TORI_OP_OPEN:
        return "open";
    case TORI_OP_STEP_UP:
        return "step_up";
    case TORI_OP_ALLOWED:
        return "allowed";
    case TORI_OP_HELD:
        return "held";
    case TORI_OP_DENIED:
        return "denied";
    case TORI_OP_REDEEMED:
        return "redeemed";
    case TORI_OP_LAPSED:
        return "lapsed";
    case TORI_OP_EXPIRED:
        return "expired";
    }
    return "unknown";
}
