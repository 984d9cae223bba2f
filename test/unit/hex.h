/* Bytes of a test, written as hex; spaces are for the reader. */
#ifndef TORI_TEST_HEX_H
#define TORI_TEST_HEX_H

#include "test/unit/unit.h"

static inline uint8_t tori_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0');
    assert_true(c >= 'a' && c <= 'f');
    return (uint8_t)(c - 'a' + 10);
}

static inline struct tori_bytes hex_bytes(struct tori_ctx *cx, const char *hex)
{
    uint8_t *at = tori_arena_take(cx->arena, strlen(hex) / 2 + 1);
    size_t len = 0;

    assert_non_null(at);
    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        uint8_t high = tori_hex_digit(*hex++);
        at[len++] = (uint8_t)(high << 4 | tori_hex_digit(*hex));
    }
    return (struct tori_bytes){at, len};
}

#endif
