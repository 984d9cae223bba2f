/* What the strict reader takes is canonical: written again it is the same, and the lenient reader
 * takes it, too. */
#include "test/fuzz/fuzz.h"

#include "codec/cbor.h"
#include "test/unit/authenticator.h"

static void write_value(struct tori_buf *buf, const struct tori_cbor *value);

static void write_items(struct tori_buf *buf, int major, const struct tori_cbor *value,
                        size_t count)
{
    soft_cbor_head(buf, major, value->count);
    for (size_t i = 0; i < count; i++)
        write_value(buf, &value->item[i]);
}

static void write_number(struct tori_buf *buf, int64_t number)
{
    uint64_t magnitude = number < 0 ? (uint64_t)(-1 - number) : (uint64_t)number;

    if (magnitude <= UINT32_MAX) {
        soft_cbor_int(buf, number);
        return;
    }
    tori_buf_byte(buf, number < 0 ? 0x3b : 0x1b);
    for (int shift = 56; shift >= 0; shift -= 8)
        tori_buf_byte(buf, (uint8_t)(magnitude >> shift));
}

static void write_value(struct tori_buf *buf, const struct tori_cbor *value)
{
    switch (value->kind) {
    case TORI_CBOR_INT:
        write_number(buf, value->number);
        return;
    case TORI_CBOR_BYTES:
        soft_cbor_bytes(buf, value->bytes);
        return;
    case TORI_CBOR_TEXT:
        soft_cbor_head(buf, 3, value->text.len);
        tori_buf_str(buf, value->text);
        return;
    case TORI_CBOR_LIST:
        write_items(buf, 4, value, value->count);
        return;
    case TORI_CBOR_MAP:
        write_items(buf, 5, value, 2 * value->count);
        return;
    case TORI_CBOR_BOOL:
        tori_buf_byte(buf, value->number != 0 ? 0xf5 : 0xf4);
        return;
    case TORI_CBOR_NULL:
        tori_buf_byte(buf, 0xf6);
        return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    struct tori_bytes bytes = {data, size};
    struct tori_cbor value, lenient;
    size_t used;

    if (!TORI_FAILED(tori_cbor_read(cx, bytes, TORI_CBOR_LENIENT, &lenient, &used)))
        assert(used > 0 && used <= size);
    if (TORI_FAILED(tori_cbor_parse(cx, bytes, TORI_CBOR_STRICT, &value)))
        return 0;
    assert(!TORI_FAILED(tori_cbor_parse(cx, bytes, TORI_CBOR_LENIENT, &lenient)));
    struct tori_buf buf = tori_buf_new(cx->arena, FUZZ_ARENA);
    write_value(&buf, &value);
    assert(buf.over || tori_bytes_eq(tori_buf_view(&buf), bytes));
    return 0;
}
