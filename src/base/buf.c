#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/ctx.h"

struct tori_buf tori_buf_new(struct tori_arena *arena, size_t cap)
{
    return (struct tori_buf){.arena = arena, .cap = cap};
}

/* Makes room for n more bytes; the old block stays in the arena until its end. */
static bool grow(struct tori_buf *buf, size_t n)
{
    if (buf->over || n > buf->cap - buf->len) {
        buf->over = true;
        return false;
    }
    if (n <= buf->room - buf->len)
        return true;

    size_t room = buf->room == 0 ? 256 : buf->room * 2;
    while (room < buf->len + n)
        room *= 2;
    uint8_t *bigger = tori_arena_take(buf->arena, room);
    if (bigger == NULL) {
        buf->over = true;
        return false;
    }
    if (buf->len > 0)
        memcpy(bigger, buf->at, buf->len);
    buf->at = bigger;
    buf->room = room;
    return true;
}

void tori_buf_bytes(struct tori_buf *buf, const void *from, size_t n)
{
    if (n == 0 || !grow(buf, n))
        return;
    memcpy(buf->at + buf->len, from, n);
    buf->len += n;
}

void tori_buf_str(struct tori_buf *buf, struct tori_str s)
{
    tori_buf_bytes(buf, s.at, s.len);
}

void tori_buf_z(struct tori_buf *buf, const char *zero_terminated)
{
    tori_buf_bytes(buf, zero_terminated, strlen(zero_terminated));
}

void tori_buf_byte(struct tori_buf *buf, uint8_t byte)
{
    tori_buf_bytes(buf, &byte, 1);
}

void tori_buf_i64(struct tori_buf *buf, int64_t n)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%lld", (long long)n);
    tori_buf_bytes(buf, text, (size_t)len);
}

void tori_buf_hex(struct tori_buf *buf, struct tori_bytes b)
{
    static const char digit[] = "0123456789abcdef";

    if (!grow(buf, b.len * 2))
        return;
    for (size_t i = 0; i < b.len; i++) {
        buf->at[buf->len++] = (uint8_t)digit[b.at[i] >> 4];
        buf->at[buf->len++] = (uint8_t)digit[b.at[i] & 15];
    }
}

static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void put_base64(struct tori_buf *buf, struct tori_bytes b, const char *digit)
{
    size_t left = b.len % 3;
    size_t whole = b.len - left;

    if (!grow(buf, b.len / 3 * 4 + (left > 0 ? left + 1 : 0)))
        return;
    for (size_t i = 0; i < b.len; i += 3) {
        uint32_t n = (uint32_t)b.at[i] << 16;
        if (i + 1 < b.len)
            n |= (uint32_t)b.at[i + 1] << 8;
        if (i + 2 < b.len)
            n |= b.at[i + 2];
        size_t digits = i < whole ? 4 : left + 1;
        for (size_t k = 0; k < digits; k++)
            buf->at[buf->len++] = (uint8_t)digit[n >> (18 - 6 * k) & 63];
    }
}

void tori_buf_b64u(struct tori_buf *buf, struct tori_bytes b)
{
    put_base64(buf, b, base64_url);
}

void tori_buf_b64(struct tori_buf *buf, struct tori_bytes b)
{
    put_base64(buf, b, base64_std);
    tori_buf_bytes(buf, "==", (3 - b.len % 3) % 3);
}

void tori_buf_time(struct tori_buf *buf, int64_t time_ms)
{
    char text[TORI_TIME_TEXT];
    tori_time_print(time_ms, text);
    tori_buf_bytes(buf, text, sizeof(text));
}

static const char *html_escape(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void tori_buf_html(struct tori_buf *buf, struct tori_str s)
{
    size_t from = 0;

    for (size_t i = 0; i < s.len; i++) {
        const char *escape = html_escape(s.at[i]);
        if (escape == NULL)
            continue;
        tori_buf_bytes(buf, s.at + from, i - from);
        tori_buf_z(buf, escape);
        from = i + 1;
    }
    tori_buf_bytes(buf, s.at + from, s.len - from);
}

static void put_json_escape(struct tori_buf *buf, uint8_t c)
{
    if (c == '"' || c == '\\') {
        tori_buf_byte(buf, '\\');
        tori_buf_byte(buf, c);
        return;
    }
    tori_buf_z(buf, "\\u00");
    tori_buf_hex(buf, (struct tori_bytes){&c, 1});
}

void tori_buf_json_str(struct tori_buf *buf, struct tori_str s)
{
    size_t from = 0;

    tori_buf_byte(buf, '"');
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = (uint8_t)s.at[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
            continue;
        tori_buf_bytes(buf, s.at + from, i - from);
        put_json_escape(buf, c);
        from = i + 1;
    }
    tori_buf_bytes(buf, s.at + from, s.len - from);
    tori_buf_byte(buf, '"');
}

void tori_buf_printf(struct tori_buf *buf, const char *format, ...)
{
    char small[256];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(small)) {
        buf->over = true;
        return;
    }
    tori_buf_bytes(buf, small, (size_t)n);
}

struct tori_bytes tori_buf_view(const struct tori_buf *buf)
{
    return (struct tori_bytes){buf->at, buf->len};
}

struct tori_str tori_buf_text(const struct tori_buf *buf)
{
    return (struct tori_str){(const char *)buf->at, buf->len};
}

struct tori_result tori_buf_done(struct tori_ctx *cx, const struct tori_buf *buf)
{
    if (buf->over)
        return TORI_FAIL(cx, TOO_LARGE, tori_u64("cap", buf->cap));
    return TORI_OK;
}
