/* A growing text or byte buffer in an arena. Writers never fail on the spot: past the cap or the
 * arena's end the buffer notes `over`, and tori_buf_done() says so once. */
#ifndef TORI_BASE_BUF_H
#define TORI_BASE_BUF_H

#include <stdarg.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

struct tori_buf {
    struct tori_arena *arena;
    uint8_t *at;
    size_t len;
    size_t room;
    size_t cap;
    bool over;
};

struct tori_buf tori_buf_new(struct tori_arena *arena, size_t cap);
void tori_buf_bytes(struct tori_buf *buf, const void *from, size_t n);
void tori_buf_str(struct tori_buf *buf, struct tori_str s);
void tori_buf_z(struct tori_buf *buf, const char *zero_terminated);
void tori_buf_byte(struct tori_buf *buf, uint8_t byte);
void tori_buf_i64(struct tori_buf *buf, int64_t n);
void tori_buf_hex(struct tori_buf *buf, struct tori_bytes b);
/* RFC 4648 §5 without padding, and §4 with padding. */
void tori_buf_b64u(struct tori_buf *buf, struct tori_bytes b);
void tori_buf_b64(struct tori_buf *buf, struct tori_bytes b);
void tori_buf_time(struct tori_buf *buf, int64_t time_ms);
/* With & < > " ' escaped, for element text and quoted attributes. */
void tori_buf_html(struct tori_buf *buf, struct tori_str s);
/* As a JSON string with its quotes. */
void tori_buf_json_str(struct tori_buf *buf, struct tori_str s);
void tori_buf_printf(struct tori_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct tori_bytes tori_buf_view(const struct tori_buf *buf);
struct tori_str tori_buf_text(const struct tori_buf *buf);
/* TOO_LARGE when anything did not fit. */
TORI_RESULT tori_buf_done(struct tori_ctx *cx, const struct tori_buf *buf);

#endif
