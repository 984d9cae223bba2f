#include "service/log_read.h"

#include <stdio.h>

#include "base/file.h"
#include "service/log_dir.h"
#include "store/store.h"

static TORI_RESULT require_channel(struct tori_ctx *cx)
{
    bool known = false;

    if (cx->caller->has_certificate)
        TORI_TRY(tori_find_channel_key(cx, cx->reader, &cx->caller->certificate_key, &known));
    if (!known)
        return TORI_FAIL(cx, CHANNEL_UNKNOWN);
    return TORI_OK;
}

static TORI_RESULT read_file(struct tori_ctx *cx, const char *name, struct tori_bytes *out)
{
    char path[TORI_PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/%s", cx->app->log_directory, name);

    if (n < 0 || (size_t)n >= sizeof(path))
        return TORI_FAIL(cx, NOT_FOUND);
    return tori_file_read(cx, path, TORI_REPLY_CAP, out);
}

struct tori_result tori_log_checkpoint(struct tori_ctx *cx, void *in)
{
    struct tori_log_ask *ask = in;

    TORI_TRY(require_channel(cx));
    return read_file(cx, "checkpoint", &ask->content);
}

struct tori_result tori_log_vkey(struct tori_ctx *cx, void *in)
{
    struct tori_log_ask *ask = in;

    TORI_TRY(require_channel(cx));
    return read_file(cx, "vkey", &ask->content);
}

/* The names that tiles have are made of digits, "x", ".p" and "entries": nothing that could leave
 * the folder. */
static bool is_part(struct tori_str part)
{
    if (tori_str_eq(part, TORI_STR("entries")))
        return true;
    for (size_t i = 0; i < part.len; i++) {
        char c = part.at[i];
        bool dot = c == '.' && i > 0 && i + 2 == part.len && part.at[i + 1] == 'p';
        if (!(c >= '0' && c <= '9') && !(c == 'x' && i == 0) && !dot &&
            !(c == 'p' && i + 1 == part.len && i > 0))
            return false;
    }
    return part.len > 0 && part.len <= 8;
}

struct tori_result tori_log_tile(struct tori_ctx *cx, void *in)
{
    struct tori_log_ask *ask = in;
    struct tori_buf name = tori_buf_new(cx->arena, 64);

    TORI_TRY(require_channel(cx));
    tori_buf_z(&name, "tile");
    for (size_t i = 0; i < 4 && cx->caller->path[i].len > 0; i++) {
        if (!is_part(cx->caller->path[i]))
            return TORI_FAIL(cx, NOT_FOUND);
        tori_buf_byte(&name, '/');
        tori_buf_str(&name, cx->caller->path[i]);
    }
    tori_buf_byte(&name, '\0');
    TORI_TRY(tori_buf_done(cx, &name));
    return read_file(cx, (const char *)name.at, &ask->content);
}

struct tori_result tori_log_receipt(struct tori_ctx *cx, void *in)
{
    struct tori_log_ask *ask = in;
    struct tori_str digits = cx->caller->path[0], text;
    uint64_t seq = 0;

    TORI_TRY(require_channel(cx));
    if (digits.len == 0 || digits.len > 15)
        return TORI_FAIL(cx, NOT_FOUND);
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return TORI_FAIL(cx, NOT_FOUND);
        seq = seq * 10 + (uint64_t)(digits.at[i] - '0');
    }
    TORI_TRY(tori_log_dir_prove(cx, cx->app->log_directory, seq, &text));
    ask->content = tori_str_bytes(text);
    return TORI_OK;
}

struct tori_result tori_log_finish_text(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_log_ask *ask = in;

    (void)cx;
    out->content_type = "text/plain; charset=utf-8";
    tori_buf_bytes(&out->body, ask->content.at, ask->content.len);
    return TORI_OK;
}

struct tori_result tori_log_finish_tile(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    TORI_TRY(tori_log_finish_text(cx, in, out));
    out->content_type = "application/octet-stream";
    return TORI_OK;
}
