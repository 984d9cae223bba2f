#include "codec/base64url.h"

#include <string.h>

/* What a digit stands for, by its byte; 64: not a digit, or one that alphabets differ in. */
static const uint8_t value_of[256] = {
#define NO8 64, 64, 64, 64, 64, 64, 64, 64
    NO8, NO8, NO8, NO8, NO8, NO8,                                                   /* 0x00 */
    52,  53,  54,  55,  56,  57,  58,  59,  60,  61,  64,  64,  64,  64,  64,  64,  /* 0x30 */
    64,  0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  /* 0x40 */
    15,  16,  17,  18,  19,  20,  21,  22,  23,  24,  25,  64,  64,  64,  64,  64,  /* 0x50 */
    64,  26,  27,  28,  29,  30,  31,  32,  33,  34,  35,  36,  37,  38,  39,  40,  /* 0x60 */
    41,  42,  43,  44,  45,  46,  47,  48,  49,  50,  51,  64,  64,  64,  64,  64,  /* 0x70 */
    NO8, NO8, NO8, NO8, NO8, NO8, NO8, NO8, NO8, NO8, NO8, NO8, NO8, NO8, NO8, NO8, /* 0x80 */
#undef NO8
};

struct alphabet {
    char digit62;
    char digit63;
};
static const struct alphabet url = {'-', '_'};
static const struct alphabet standard = {'+', '/'};

static uint32_t digit_value(char c, const struct alphabet *alphabet)
{
    uint32_t value = value_of[(uint8_t)c];

    if (value < 64)
        return value;
    if (c == alphabet->digit62)
        return 62;
    return c == alphabet->digit63 ? 63 : 64;
}

static size_t decoded_len(size_t digits)
{
    return digits / 4 * 3 + (digits % 4 == 0 ? 0 : digits % 4 - 1);
}

/* Digits only, no padding; false for a foreign digit, one lonely digit, or spare bits that are not
 * zero: each byte string has exactly one text. `out` has room for decoded_len(text.len). */
static bool decode_digits(struct tori_str text, const struct alphabet *alphabet, uint8_t *out)
{
    uint32_t bits = 0;
    int held = 0;

    if (text.len % 4 == 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint32_t value = digit_value(text.at[i], alphabet);
        if (value > 63)
            return false;
        bits = bits << 6 | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *out++ = (uint8_t)(bits >> held);
        }
    }
    return (bits & ((1u << held) - 1)) == 0;
}

static struct tori_result decode(struct tori_ctx *cx, struct tori_str text,
                                 const struct alphabet *alphabet, struct tori_bytes *out)
{
    size_t len = decoded_len(text.len);
    uint8_t *at;

    TORI_TRY(tori_take(cx, len, &at));
    if (!decode_digits(text, alphabet, at))
        return TORI_FAIL(cx, BAD_FIELD, tori_word("why", "base64"));
    *out = (struct tori_bytes){at, len};
    return TORI_OK;
}

struct tori_result tori_b64u_decode(struct tori_ctx *cx, struct tori_str text,
                                    struct tori_bytes *out)
{
    return decode(cx, text, &url, out);
}

struct tori_result tori_b64u_decode_exact(struct tori_ctx *cx, struct tori_str text, void *out,
                                          size_t n)
{
    struct tori_bytes bytes;

    if (decoded_len(text.len) != n)
        return TORI_FAIL(cx, BAD_FIELD, tori_word("why", "length"), tori_u64("due", n));
    TORI_TRY(tori_b64u_decode(cx, text, &bytes));
    memcpy(out, bytes.at, n);
    return TORI_OK;
}

struct tori_result tori_id_parse(struct tori_ctx *cx, struct tori_str text, struct tori_id *out)
{
    return tori_b64u_decode_exact(cx, text, out->at, sizeof(out->at));
}

struct tori_result tori_b64_decode(struct tori_ctx *cx, struct tori_str text,
                                   struct tori_bytes *out)
{
    if (text.len % 4 != 0)
        return TORI_FAIL(cx, BAD_FIELD, tori_word("why", "base64 length"));
    for (int padding = 0; padding < 2 && text.len > 0 && text.at[text.len - 1] == '='; padding++)
        text.len--;
    return decode(cx, text, &standard, out);
}
