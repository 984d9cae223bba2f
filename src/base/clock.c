#include "base/clock.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#ifdef TORI_TEST_BUILD
static _Atomic int64_t shift_ms;

void tori_clock_shift(int64_t by_ms)
{
    atomic_fetch_add(&shift_ms, by_ms);
}

static int64_t shifted(void)
{
    return atomic_load(&shift_ms);
}
#else
static int64_t shifted(void)
{
    return 0;
}
#endif

static int64_t read_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

tori_time tori_clock_wall(void)
{
    return read_us(CLOCK_REALTIME) / 1000 + shifted();
}

int64_t tori_clock_steady_us(void)
{
    return read_us(CLOCK_BOOTTIME);
}

int64_t tori_clock_steady_ms(void)
{
    return read_us(CLOCK_BOOTTIME) / 1000;
}

void tori_clock_deadline(int64_t in_ms, struct timespec *out)
{
    int64_t due_us = read_us(CLOCK_MONOTONIC) + in_ms * 1000;

    out->tv_sec = due_us / 1000000;
    out->tv_nsec = due_us % 1000000 * 1000;
}

/* Days since 1970 to a civil date and back, proleptic Gregorian, by eras of 400 years that begin in
 * March: no library call that knows about time zones is involved. */
struct date {
    int64_t year;
    int month;
    int day;
};

static struct date date_of_days(int64_t days)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);

    return (struct date){yoe + era * 400 + (month <= 2), month,
                         (int)(doy - (153 * mp + 2) / 5 + 1)};
}

static int64_t days_of_date(struct date d)
{
    int64_t y = d.month <= 2 ? d.year - 1 : d.year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + doe - 719468;
}

static void put_number(char *out, int digits, int64_t n)
{
    for (int i = digits - 1; i >= 0; i--, n /= 10)
        out[i] = (char)('0' + n % 10);
}

void tori_time_print(tori_time t, char out[static TORI_TIME_TEXT])
{
    int64_t days = t >= 0 ? t / TORI_DAY_MS : -((-t + TORI_DAY_MS - 1) / TORI_DAY_MS);
    int64_t ms = t - days * TORI_DAY_MS;
    struct date d = date_of_days(days);

    memcpy(out, "0000-00-00T00:00:00.000Z", TORI_TIME_TEXT);
    put_number(out, 4, d.year);
    put_number(out + 5, 2, d.month);
    put_number(out + 8, 2, d.day);
    put_number(out + 11, 2, ms / TORI_HOUR_MS);
    put_number(out + 14, 2, ms / TORI_MINUTE_MS % 60);
    put_number(out + 17, 2, ms / TORI_SECOND_MS % 60);
    put_number(out + 20, 3, ms % TORI_SECOND_MS);
}

static bool take_number(struct tori_str text, size_t from, size_t digits, int *out)
{
    int n = 0;

    for (size_t i = from; i < from + digits; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        n = n * 10 + (text.at[i] - '0');
    }
    *out = n;
    return true;
}

/* Prints what was understood and compares: one rule instead of a range check per field. */
static bool prints_back(tori_time t, struct tori_str text)
{
    char back[TORI_TIME_TEXT];

    tori_time_print(t, back);
    return memcmp(back, text.at, 19) == 0 &&
           (text.len == 20 || memcmp(back + 19, text.at + 19, 5) == 0) &&
           text.at[text.len - 1] == 'Z';
}

bool tori_time_parse(struct tori_str text, tori_time *out)
{
    int year, month, day, hour, minute, second, ms = 0;

    if (text.len != 20 && text.len != TORI_TIME_TEXT)
        return false;
    if (!take_number(text, 0, 4, &year) || !take_number(text, 5, 2, &month) ||
        !take_number(text, 8, 2, &day) || !take_number(text, 11, 2, &hour) ||
        !take_number(text, 14, 2, &minute) || !take_number(text, 17, 2, &second))
        return false;
    if (text.len == TORI_TIME_TEXT && !take_number(text, 20, 3, &ms))
        return false;

    int64_t days = days_of_date((struct date){year, month, day});
    tori_time t = days * TORI_DAY_MS + (int64_t)hour * TORI_HOUR_MS +
                  (int64_t)minute * TORI_MINUTE_MS + (int64_t)second * TORI_SECOND_MS + ms;
    if (!prints_back(t, text))
        return false;
    *out = t;
    return true;
}
