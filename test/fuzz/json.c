/* What parses is written in one form, and that form parses to the same. */
#include "test/fuzz/fuzz.h"

#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    struct tori_json json, again;

    if (TORI_FAILED(tori_json_parse(cx, (struct tori_bytes){data, size}, &json)))
        return 0;
    struct tori_buf first = tori_buf_new(cx->arena, FUZZ_ARENA);
    struct tori_buf second = tori_buf_new(cx->arena, FUZZ_ARENA);
    tori_json_write(&first, &json);
    if (first.over)
        return 0;
    assert(tori_utf8_valid(tori_buf_view(&first)));
    struct tori_result result = tori_json_parse(cx, tori_buf_view(&first), &again);
    if (result.err == TORI_ERR_TOO_LARGE) /* the arena is full */
        return 0;
    assert(!TORI_FAILED(result));
    tori_json_write(&second, &again);
    assert(second.over || tori_bytes_eq(tori_buf_view(&first), tori_buf_view(&second)));
    return 0;
}
