/* DER taken apart to its leaves: every value lies inside its parent, and written again with the
 * same identifier and length it is the same bytes. */
#include "test/fuzz/fuzz.h"

#include "base/buf.h"
#include "codec/der.h"

enum { DEEPEST = 12, CONSTRUCTED = 0x20 };

static void put_tag(struct tori_buf *buf, const struct tori_der *value)
{
    if (value->tag < 0x1f) {
        tori_buf_byte(buf, (uint8_t)(value->class | value->tag));
        return;
    }
    tori_buf_byte(buf, (uint8_t)(value->class | 0x1f));
    for (int shift = 21; shift > 0; shift -= 7) {
        if (value->tag >> shift != 0)
            tori_buf_byte(buf, (uint8_t)(0x80 | (value->tag >> shift & 0x7f)));
    }
    tori_buf_byte(buf, value->tag & 0x7f);
}

static void put_length(struct tori_buf *buf, size_t len)
{
    int bytes = len < 0x80 ? 0 : len < 0x100 ? 1 : len < 0x10000 ? 2 : len < 0x1000000 ? 3 : 4;

    if (bytes > 0)
        tori_buf_byte(buf, (uint8_t)(0x80 | bytes));
    for (int i = bytes > 0 ? bytes - 1 : 0; i >= 0; i--)
        tori_buf_byte(buf, (uint8_t)(len >> (8 * i)));
}

static void walk(struct tori_ctx *cx, struct tori_bytes bytes, int depth)
{
    struct tori_der value;
    int64_t number;

    while (bytes.len > 0) {
        struct tori_bytes before = bytes, again = bytes;
        if (TORI_FAILED(tori_der_next(cx, &bytes, &value)))
            return;
        size_t used = before.len - bytes.len;
        struct tori_bytes content, own = {before.at, used};
        if (value.tag < 0x1f)
            assert(!TORI_FAILED(tori_der_whole(cx, own, before.at[0], &content)));
        if (value.tag < 0x1f && bytes.len > 0)
            assert(TORI_FAILED(tori_der_whole(cx, before, before.at[0], &content)));
        assert(used >= 2 && value.content.at + value.content.len == before.at + used);
        struct tori_buf head = tori_buf_new(cx->arena, 64);
        put_tag(&head, &value);
        put_length(&head, value.content.len);
        assert(head.len + value.content.len == used);
        assert(tori_bytes_eq(tori_buf_view(&head), (struct tori_bytes){before.at, head.len}));
        if (!TORI_FAILED(tori_der_int(cx, &again, TORI_DER_INTEGER, &number)))
            assert(again.at == bytes.at && value.content.len <= 8 && value.content.len > 0);
        if ((value.class & CONSTRUCTED) != 0 && depth < DEEPEST)
            walk(cx, value.content, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    walk(fuzz_begin(), (struct tori_bytes){data, size}, 0);
    return 0;
}
