/* Two clocks. The wall clock (milliseconds since 1970, UTC) is what rules, expiries and the journal
 * see; the steady one (CLOCK_BOOTTIME) drives leases, heartbeats and socket deadlines. */
#ifndef TORI_BASE_CLOCK_H
#define TORI_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "base/arena.h"
#include "base/bytes.h"

typedef int64_t tori_time;

enum {
    TORI_SECOND_MS = 1000,
    TORI_MINUTE_MS = 60 * 1000,
    TORI_HOUR_MS = 60 * 60 * 1000,
};
#define TORI_DAY_MS ((int64_t)24 * TORI_HOUR_MS)

tori_time tori_clock_wall(void);
int64_t tori_clock_steady_ms(void);
int64_t tori_clock_steady_us(void);

/* The moment in_ms from now as condition variables set to CLOCK_MONOTONIC want it. */
void tori_clock_deadline(int64_t in_ms, struct timespec *out);

#ifdef TORI_TEST_BUILD
/* Moves this process's wall clock; release builds hold no such code. */
void tori_clock_shift(int64_t by_ms);
#endif

/* "2026-11-20T05:00:00.000Z", 24 bytes, RFC 3339 UTC with milliseconds; and back (only this form,
 * or without milliseconds; false otherwise). */
enum { TORI_TIME_TEXT = 24 };
void tori_time_print(tori_time t, char out[static TORI_TIME_TEXT]);
bool tori_time_parse(struct tori_str text, tori_time *out);

#endif
