/* torimori openapi: the description of the API, printed from the tables that the router uses. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "http/openapi.h"

int tori_cmd_openapi(int argc, char **argv)
{
    struct tori_ctx cx = {.arena = tori_arena_new(8 * TORI_OPENAPI_CAP)};

    (void)argc, (void)argv;
    if (cx.arena == NULL)
        return 1;
    struct tori_buf out = tori_buf_new(cx.arena, 2 * TORI_OPENAPI_CAP);
    struct tori_result result = tori_openapi_print(&cx, tori_endpoints, tori_endpoint_count, &out);
    bool done = !TORI_FAILED(result) && fwrite(out.at, 1, out.len, stdout) == out.len;
    tori_arena_free(cx.arena);
    return done ? 0 : 1;
}
