#include "codec/base64url.h"

#include <string.h>

/* What a digit stands for, by its byte; -1: not a digit of this alphabet. */
struct alphabet {
    char digit62;
    char digit63;
};
static const struct alphabet url = {'-', '_'};
static const struct alphabet standard = {'+', '/'};

static int digit_value(char c, const struct alphabet *alphabet)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == alphabet->digit62)
        return 62;
    return c == alphabet->digit63 ? 63 : -1;
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
        int value = digit_value(text.at[i], alphabet);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
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
