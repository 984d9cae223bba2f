/* What every unit test shares: a context with a fixed clock and random source, and assertions that
 * speak of results. A case is a function; unit(function) names it after itself. */
#ifndef TORI_TEST_UNIT_H
#define TORI_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "base/hash.h"

enum { TORI_UNIT_NOW_S = 1795150800 }; /* 2026-11-20T05:00:00Z */

static inline int tori_unit_begin(void **state)
{
    static struct tori_ctx cx;

    tori_hash_init();
    memset(&cx, 0, sizeof(cx));
    cx.arena = tori_arena_new(4 * 1024 * 1024);
    cx.now = (tori_time)TORI_UNIT_NOW_S * 1000;
    cx.lang = TORI_EN;
    tori_random_fixed(&cx.random, 1);
    *state = &cx;
    return cx.arena == NULL;
}

static inline int tori_unit_end(void **state)
{
    struct tori_ctx *cx = *state;
    tori_arena_free(cx->arena);
    return 0;
}

#define unit(function)                                                                             \
    {                                                                                              \
#function, function, tori_unit_begin, tori_unit_end, NULL                                  \
    }

#define tori_unit_run(name, tests)                                                                 \
    _cmocka_run_group_tests((name), (tests), sizeof(tests) / sizeof((tests)[0]), NULL, NULL)

static inline void tori_unit_tell(const struct tori_failure *failure)
{
    for (unsigned i = 0; i < failure->field_count; i++) {
        const struct tori_kv *field = &failure->fields[i];
        if (field->kind == TORI_KV_INT)
            print_error("  %s = %lld\n", field->name, (long long)field->number);
        else if (field->kind == TORI_KV_STR)
            print_error("  %s = %.*s\n", field->name, TORI_STR_ARG(field->text));
    }
}

#define assert_ok(cx, call)                                                                        \
    do {                                                                                           \
        struct tori_result unit_result_ = (call);                                                  \
        if (unit_result_.err != TORI_ERR_NONE) {                                                   \
            tori_unit_tell(&(cx)->failure);                                                        \
            fail_msg("%s: %s at %s:%d", #call, tori_err_name(unit_result_.err),                    \
                     (cx)->failure.file, (cx)->failure.line);                                      \
        }                                                                                          \
    } while (0)

#define assert_fails(call, code)                                                                   \
    do {                                                                                           \
        struct tori_result unit_result_ = (call);                                                  \
        if (unit_result_.err != (code))                                                            \
            fail_msg("%s: %s, not %s", #call, tori_err_name(unit_result_.err),                     \
                     tori_err_name(code));                                                         \
    } while (0)

static inline void assert_text(struct tori_str got, const char *want)
{
    if (!tori_str_eq(got, tori_str_z(want)))
        fail_msg("got \"%.*s\", not \"%s\"", TORI_STR_ARG(got), want);
}

#endif
