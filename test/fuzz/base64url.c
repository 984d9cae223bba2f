/* Each byte string has one text: what decodes encodes to the same again. */
#include "test/fuzz/fuzz.h"

#include "base/buf.h"
#include "codec/base64url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    struct tori_bytes text = {data, size}, bytes;
    struct tori_id id;

    if (size > FUZZ_ARENA / 8)
        return 0;
    if (!TORI_FAILED(tori_b64u_decode(cx, tori_bytes_str(text), &bytes))) {
        struct tori_buf buf = tori_buf_new(cx->arena, FUZZ_ARENA);
        tori_buf_b64u(&buf, bytes);
        assert(tori_bytes_eq(tori_buf_view(&buf), text));
    }
    if (!TORI_FAILED(tori_b64_decode(cx, tori_bytes_str(text), &bytes))) {
        struct tori_buf buf = tori_buf_new(cx->arena, FUZZ_ARENA);
        tori_buf_b64(&buf, bytes);
        assert(tori_bytes_eq(tori_buf_view(&buf), text));
    }
    if (!TORI_FAILED(tori_id_parse(cx, tori_bytes_str(text), &id)))
        assert(size == TORI_ID_TEXT);
    return 0;
}
