/* How often, and how long after one another, delivery is tried, and when it is given up. */
#ifndef TORI_DOMAIN_NOTIFY_DELIVERY_H
#define TORI_DOMAIN_NOTIFY_DELIVERY_H

#include <stdint.h>

#include "model/states.h"

enum tori_delivery_event {
    TORI_DELIVERY_DONE,      /* the other side has taken it */
    TORI_DELIVERY_TEMPORARY, /* not this time */
    TORI_DELIVERY_REFUSED,   /* for good */
    TORI_DELIVERY_GONE,      /* what was to be delivered, or whereto, is no more */
    TORI_DELIVERY_EVENT_COUNT
};

enum { TORI_DELIVERY_TRIES = 12 };

/* The state of a job that is due, after its nth try ended so. */
enum tori_job_state tori_delivery_next(enum tori_delivery_event event, int64_t tries);

/* From the end of the nth try, n ≥ 1, to the next: 30 s, 2 min, 10 min, 1 h, then 6 h each; twelve
 * tries are about two days. */
int64_t tori_delivery_wait_ms(int64_t tries);

/* How long a try may go without a result before it counts as none. Longer than the post waits. */
enum { TORI_DELIVERY_LEASE_MS = 120 * 1000 };

#endif
