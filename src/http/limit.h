/* Limits by address, shared by all reactors, in memory of a fixed size: connections that have not
 * sent a complete request, and token buckets by address and class of endpoint. */
#ifndef TORI_HTTP_LIMIT_H
#define TORI_HTTP_LIMIT_H

#include "http/addr.h"
#include "http/endpoint.h"

enum { TORI_RATE_COUNT = TORI_RATE_API + 1 };

/* `burst` requests at once, refilled evenly; burst 0: no limit. */
struct tori_rate_limit {
    int burst;
    int per_minute;
};

struct tori_limits;

/* NULL when memory is out. `most` connections are counted at a time, `per_address`
 * of one address; `most` is also the most that exist. */
struct tori_limits *tori_limits_new(int most, int per_address,
                                    const struct tori_rate_limit rate[static TORI_RATE_COUNT]);
void tori_limits_free(struct tori_limits *limits);

/* False: this address has enough of them already. Each true wants one leave. */
bool tori_limits_enter(struct tori_limits *limits, const struct tori_addr *addr);
void tori_limits_leave(struct tori_limits *limits, const struct tori_addr *addr);

/* 0 when the request may pass, else the seconds after which it may be tried again. */
int64_t tori_limits_take(struct tori_limits *limits, const struct tori_addr *addr,
                         enum tori_rate rate, int64_t now_ms);

#endif
