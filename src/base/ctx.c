#include "base/ctx.h"

#include <string.h>

struct tori_result tori_take(struct tori_ctx *cx, size_t n, void *out_pointer)
{
    void *p = tori_arena_take(cx->arena, n);
    if (p == NULL)
        return TORI_FAIL(cx, TOO_LARGE, tori_u64("bytes", n));
    memcpy(out_pointer, &p, sizeof(p));
    return TORI_OK;
}

struct tori_result tori_copy(struct tori_ctx *cx, struct tori_bytes from, struct tori_bytes *out)
{
    void *p = tori_arena_copy(cx->arena, from.at, from.len);
    if (p == NULL)
        return TORI_FAIL(cx, TOO_LARGE, tori_u64("bytes", from.len));
    *out = (struct tori_bytes){p, from.len};
    return TORI_OK;
}

struct tori_result tori_copy_str(struct tori_ctx *cx, struct tori_str from, struct tori_str *out)
{
    struct tori_bytes copy;
    TORI_TRY(tori_copy(cx, tori_str_bytes(from), &copy));
    *out = tori_bytes_str(copy);
    return TORI_OK;
}
