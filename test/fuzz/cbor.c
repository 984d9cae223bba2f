/* What the strict reader takes is canonical: written again it is the same, and the lenient reader
 * takes it, too. Neither gives more or deeper values than it may. */
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

/* Values of all kinds in it, and how deep lists and maps lie in each other. */
struct extent {
    size_t values;
    int depth;
};

/* A key leads to its own value: it stands there once. */
static void check_found(const struct tori_cbor *map, const struct tori_cbor *key)
{
    const struct tori_cbor *found = key->kind == TORI_CBOR_TEXT
                                        ? tori_cbor_get(map, key->text)
                                        : tori_cbor_get_int(map, key->number);

    assert(key->kind == TORI_CBOR_TEXT || key->kind == TORI_CBOR_INT);
    assert(found == key + 1);
    assert(tori_cbor_get(found, TORI_STR("absent, for it is no map or has no such key")) == NULL);
}

static void measure(const struct tori_cbor *value, int depth, struct extent *extent)
{
    bool map = value->kind == TORI_CBOR_MAP;

    extent->values++;
    if (!map && value->kind != TORI_CBOR_LIST)
        return;
    if (extent->depth <= depth)
        extent->depth = depth + 1;
    for (size_t i = 0; map && i < value->count; i++)
        check_found(value, &value->item[2 * i]);
    for (size_t i = 0; i < (map ? 2 : 1) * value->count; i++)
        measure(&value->item[i], depth + 1, extent);
}

static void check_limits(const struct tori_cbor *value, int deepest)
{
    struct extent extent = {0, 0};

    measure(value, 0, &extent);
    assert(extent.depth <= deepest && extent.values <= TORI_CBOR_ITEMS);
}

/* What the lenient reader took, written with definite lengths, reads back as the same. */
static void check_lenient(struct tori_ctx *cx, struct tori_bytes bytes)
{
    struct tori_cbor value, again;
    struct tori_buf first = tori_buf_new(cx->arena, FUZZ_ARENA);
    struct tori_buf second = tori_buf_new(cx->arena, FUZZ_ARENA);
    size_t used;

    if (TORI_FAILED(tori_cbor_read(cx, bytes, TORI_CBOR_LENIENT, &value, &used)))
        return;
    assert(used > 0 && used <= bytes.len);
    check_limits(&value, TORI_CBOR_DEPTH_LENIENT);
    write_value(&first, &value);
    if (first.over)
        return;
    struct tori_result read = tori_cbor_parse(cx, tori_buf_view(&first), TORI_CBOR_LENIENT, &again);
    if (read.err == TORI_ERR_TOO_LARGE) /* the arena is full */
        return;
    assert(!TORI_FAILED(read));
    write_value(&second, &again);
    assert(second.over || tori_bytes_eq(tori_buf_view(&first), tori_buf_view(&second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    struct tori_bytes bytes = {data, size};
    struct tori_cbor value, lenient;

    check_lenient(cx, bytes);
    if (TORI_FAILED(tori_cbor_parse(cx, bytes, TORI_CBOR_STRICT, &value)))
        return 0;
    check_limits(&value, TORI_CBOR_DEPTH_STRICT);
    assert(!TORI_FAILED(tori_cbor_parse(cx, bytes, TORI_CBOR_LENIENT, &lenient)));
    struct tori_buf buf = tori_buf_new(cx->arena, FUZZ_ARENA);
    write_value(&buf, &value);
    assert(buf.over || tori_bytes_eq(tori_buf_view(&buf), bytes));
    return 0;
}
