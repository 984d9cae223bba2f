#include "codec/nfc.h"

#include <utf8proc.h>

enum { POINTS_MAX = 512 };

static bool is_plain_ascii(struct tori_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.at[i] < 0x20 || (uint8_t)text.at[i] > 0x7e)
            return false;
    return true;
}

static bool has_control(struct tori_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.at[i];
        /* C0, DEL, and C1, which UTF-8 writes as C2 80 … C2 9F. */
        if (c < 0x20 || c == 0x7f)
            return true;
        if (c == 0xc2 && i + 1 < text.len && (uint8_t)text.at[i + 1] < 0xa0)
            return true;
    }
    return false;
}

static bool is_nfc(struct tori_str text)
{
    utf8proc_int32_t points[POINTS_MAX + 1]; /* the library ends the text with a NUL */
    utf8proc_ssize_t n =
        utf8proc_decompose((const utf8proc_uint8_t *)text.at, (utf8proc_ssize_t)text.len, points,
                           POINTS_MAX, UTF8PROC_DECOMPOSE | UTF8PROC_STABLE);
    if (n < 0 || n > POINTS_MAX)
        return false;
    /* Encodes in place: the bytes come out at the beginning of the same memory. */
    n = utf8proc_reencode(points, n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    if (n < 0)
        return false;
    return tori_str_eq((struct tori_str){(const char *)points, (size_t)n}, text);
}

bool tori_nfc_plain(struct tori_str text)
{
    if (is_plain_ascii(text))
        return true;
    return !has_control(text) && is_nfc(text);
}
