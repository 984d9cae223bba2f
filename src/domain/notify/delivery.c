#include "domain/notify/delivery.h"

#include "base/clock.h"

enum tori_job_state tori_delivery_next(enum tori_delivery_event event, int64_t tries)
{
    static const struct {
        enum tori_job_state again; /* while tries are left */
        enum tori_job_state last;
    } to[TORI_DELIVERY_EVENT_COUNT] = {
        [TORI_DELIVERY_DONE] = {TORI_JOB_DONE, TORI_JOB_DONE},
        [TORI_DELIVERY_TEMPORARY] = {TORI_JOB_DUE, TORI_JOB_FAILED},
        [TORI_DELIVERY_REFUSED] = {TORI_JOB_FAILED, TORI_JOB_FAILED},
        [TORI_DELIVERY_GONE] = {TORI_JOB_FAILED, TORI_JOB_FAILED},
    };

    return tries < TORI_DELIVERY_TRIES ? to[event].again : to[event].last;
}

int64_t tori_delivery_wait_ms(int64_t tries)
{
    static const int64_t wait_ms[] = {
        30 * TORI_SECOND_MS, 2 * TORI_MINUTE_MS, 10 * TORI_MINUTE_MS,
        TORI_HOUR_MS,        6 * TORI_HOUR_MS,
    };
    enum { LAST = sizeof(wait_ms) / sizeof(wait_ms[0]) - 1 };

    if (tries < 1)
        return 0;
    return wait_ms[tries - 1 < LAST ? tries - 1 : LAST];
}
