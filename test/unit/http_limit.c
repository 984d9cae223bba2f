/* Limits by address, and the addresses themselves. */
#include "test/unit/unit.h"

#include "http/limit.h"

static const struct tori_rate_limit rates[TORI_RATE_COUNT] = {
    [TORI_RATE_CODE] = {3, 60}, [TORI_RATE_PAGE] = {1, 1}};

static struct tori_addr addr(const char *text)
{
    struct tori_addr a;
    assert_true(tori_addr_parse(tori_str_z(text), &a));
    return a;
}

static void a_bucket_empties_and_fills(void **state)
{
    struct tori_limits *limits = tori_limits_new(16, 2, rates);
    struct tori_addr a = addr("203.0.113.7"), b = addr("203.0.113.8");

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(tori_limits_take(limits, &a, TORI_RATE_CODE, 1000), 0);
    assert_int_equal(tori_limits_take(limits, &a, TORI_RATE_CODE, 1000), 2);
    assert_int_equal(tori_limits_take(limits, &b, TORI_RATE_CODE, 1000), 0);
    assert_int_equal(tori_limits_take(limits, &a, TORI_RATE_PAGE, 1000), 0); /* another class */
    assert_int_equal(tori_limits_take(limits, &a, TORI_RATE_NONE, 1000), 0); /* no limit at all */
    assert_int_equal(tori_limits_take(limits, &a, TORI_RATE_CODE, 1999), 1);
    assert_int_equal(tori_limits_take(limits, &a, TORI_RATE_CODE, 2000), 0);
    assert_true(tori_limits_take(limits, &a, TORI_RATE_CODE, 2000) > 0);
    for (int i = 0; i < 3; i++) /* never more than its burst */
        assert_int_equal(tori_limits_take(limits, &a, TORI_RATE_CODE, 1000000), 0);
    assert_true(tori_limits_take(limits, &a, TORI_RATE_CODE, 1000000) > 0);
    tori_limits_free(limits);
}

static void the_wait_is_long_enough(void **state)
{
    struct tori_limits *limits = tori_limits_new(16, 2, rates);
    struct tori_addr a = addr("203.0.113.7");

    (void)state;
    assert_int_equal(tori_limits_take(limits, &a, TORI_RATE_PAGE, 0), 0);
    int64_t wait_s = tori_limits_take(limits, &a, TORI_RATE_PAGE, 0);
    assert_in_range(wait_s, 60, 61);
    assert_int_equal(tori_limits_take(limits, &a, TORI_RATE_PAGE, wait_s * 1000), 0);
    tori_limits_free(limits);
}

static void a_flood_of_addresses_needs_no_more_memory(void **state)
{
    struct tori_limits *limits = tori_limits_new(16, 2, rates);
    struct tori_addr a = addr("203.0.113.7");

    (void)state;
    for (uint32_t i = 0; i < 200000; i++) {
        memcpy(a.at + 12, &i, 4);
        assert_int_equal(tori_limits_take(limits, &a, TORI_RATE_CODE, i / 1000), 0);
    }
    tori_limits_free(limits);
}

static void waiting_connections_are_counted_by_household(void **state)
{
    struct tori_limits *limits = tori_limits_new(16, 2, rates);
    struct tori_addr a = addr("2001:db8::1"), same = addr("2001:db8::ffff:1");
    struct tori_addr other = addr("2001:db8:0:1::1");

    (void)state;
    assert_true(tori_limits_enter(limits, &a));
    assert_true(tori_limits_enter(limits, &same));
    assert_false(tori_limits_enter(limits, &a));
    assert_true(tori_limits_enter(limits, &other));
    tori_limits_leave(limits, &same);
    assert_true(tori_limits_enter(limits, &a));
    tori_limits_free(limits);
}

/* The table closes its gaps: after any order of coming and going nobody is forgotten. */
static void coming_and_going_loses_nobody(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_limits *limits = tori_limits_new(200, 3, rates);
    int inside[100] = {0};

    for (int step = 0; step < 20000; step++) {
        uint8_t dice[2];
        tori_random_fill(&cx->random, dice, sizeof(dice));
        struct tori_addr a = addr("203.0.113.0");
        a.at[15] = dice[0] % 100;
        int *count = &inside[a.at[15]];
        if (dice[1] % 2 == 0) {
            assert_int_equal(tori_limits_enter(limits, &a), *count < 3);
            *count += *count < 3 ? 1 : 0;
        } else if (*count > 0) {
            tori_limits_leave(limits, &a);
            --*count;
        }
    }
    tori_limits_free(limits);
}

static void nets_hold_their_addresses(void **state)
{
    struct tori_net net;
    struct tori_addr in = addr("192.0.2.130"), out = addr("192.0.2.127"), six = addr("2001:db8::1");

    (void)state;
    assert_true(tori_net_parse(TORI_STR("192.0.2.128/25"), &net));
    assert_true(tori_net_holds(&net, &in));
    assert_false(tori_net_holds(&net, &out));
    assert_false(tori_net_holds(&net, &six));
    assert_true(tori_net_parse(TORI_STR("2001:db8::/32"), &net));
    assert_true(tori_net_holds(&net, &six));
    assert_true(tori_net_parse(TORI_STR("192.0.2.127"), &net));
    assert_true(tori_net_holds(&net, &out));
    assert_false(tori_net_holds(&net, &in));
    assert_true(tori_net_parse(TORI_STR("0.0.0.0/0"), &net));
    assert_true(tori_net_holds(&net, &in));
    assert_false(tori_net_holds(&net, &six));
    static const char *const bad[] = {"",       "/8", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/08",
                                      "::/129", "a"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(tori_net_parse(tori_str_z(bad[i]), &net));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        unit(a_bucket_empties_and_fills),
        unit(the_wait_is_long_enough),
        unit(a_flood_of_addresses_needs_no_more_memory),
        unit(waiting_connections_are_counted_by_household),
        unit(coming_and_going_loses_nobody),
        unit(nets_hold_their_addresses),
    };
    return tori_unit_run("http_limit", tests);
}
