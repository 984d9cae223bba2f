/* What we read out of the bytes of a connection, for a comparison with another parser. On standard
 * input: frames of a length (4 bytes, big-endian) and as many bytes. For each, one line on standard
 * output: how it ended, then each request as hexadecimal.
 *
 *   done     all bytes were used          more    a request is not complete
 *   bad      refused from here on         closed  the client said that this request was its last
 *
 * A request is method NUL target NUL (name 0x01 value 0x01)… NUL body. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "http/join.h"
#include "test/fuzz/fuzz.h"

enum { FRAME_MAX = 256 * 1024, BODY_MAX = 64 * 1024 };

static void put_request(struct tori_buf *line, struct tori_ctx *cx, const struct tori_head *head,
                        struct tori_bytes body)
{
    struct tori_buf buf = tori_buf_new(cx->arena, FRAME_MAX);

    tori_buf_str(&buf, head->method);
    tori_buf_byte(&buf, 0);
    tori_buf_str(&buf, head->target);
    tori_buf_byte(&buf, 0);
    for (size_t i = 0; i < head->count; i++) {
        tori_buf_str(&buf, head->field[i].name);
        tori_buf_byte(&buf, 1);
        tori_buf_str(&buf, head->field[i].value);
        tori_buf_byte(&buf, 1);
    }
    tori_buf_byte(&buf, 0);
    tori_buf_bytes(&buf, body.at, body.len);
    tori_buf_byte(line, ' ');
    tori_buf_hex(line, tori_buf_view(&buf));
}

/* One request at the beginning of `rest`; NULL, or how it ended. */
static const char *read_one(struct tori_ctx *cx, struct tori_bytes *rest, struct tori_buf *line)
{
    static struct tori_head head;
    struct tori_scan scan = {.at = 0};
    struct tori_buf body = tori_buf_new(cx->arena, BODY_MAX);
    struct tori_join *join;
    size_t len = 0;

    if (rest->len == 0)
        return "done";
    enum tori_scan_state state = tori_scan_head(&scan, *rest, &len);
    if (state != TORI_SCAN_DONE)
        return state == TORI_SCAN_MORE ? "more" : "bad";
    if (TORI_FAILED(tori_join_new(cx, &join)) ||
        TORI_FAILED(tori_join_head(cx, join, (struct tori_bytes){rest->at, len}, &head)))
        return "bad";
    *rest = (struct tori_bytes){rest->at + len, rest->len - len};
    bool complete = !head.chunked && head.content_length == 0;
    while (!complete && rest->len > 0) {
        struct tori_join_input input = {*rest, &body};
        size_t used = 0;
        if (TORI_FAILED(tori_join_body(cx, join, &input, &used, &complete)))
            return "bad";
        *rest = (struct tori_bytes){rest->at + used, rest->len - used};
    }
    if (!complete)
        return "more";
    put_request(line, cx, &head, tori_buf_view(&body));
    return head.keep_alive ? NULL : "closed";
}

static void say(struct tori_ctx *cx, struct tori_bytes frame)
{
    const char *end = NULL;

    tori_arena_reset(cx->arena);
    struct tori_buf line = tori_buf_new(cx->arena, FUZZ_ARENA);
    while (end == NULL)
        end = read_one(cx, &frame, &line);
    assert(!line.over);
    printf("%s%.*s\n", end, (int)line.len, line.len > 0 ? (const char *)line.at : "");
}

int main(void)
{
    uint8_t head[4];

    while (fread(head, 1, 4, stdin) == 4) {
        size_t len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        assert(len <= FRAME_MAX);
        uint8_t *frame = malloc(len == 0 ? 1 : len);
        struct tori_ctx *cx = fuzz_begin();
        assert(frame != NULL && fread(frame, 1, len, stdin) == len);
        say(cx, (struct tori_bytes){frame, len});
        free(frame);
        if (len == 0)
            fflush(stdout); /* an empty frame ends a batch */
    }
    return 0;
}
