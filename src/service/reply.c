#include "service/reply.h"

#include <assert.h>

#include "base/text.h"

void tori_reply_begin(struct tori_reply *reply, struct tori_arena *arena)
{
    *reply = (struct tori_reply){.status = 200, .body = tori_buf_new(arena, TORI_REPLY_CAP)};
}

void tori_reply_status(struct tori_reply *reply, int status)
{
    reply->status = status;
}

void tori_reply_header(struct tori_reply *reply, const char *name, struct tori_str value)
{
    assert(reply->header_count < TORI_REPLY_HEADERS);
    reply->header[reply->header_count++] = (struct tori_reply_header){name, value};
}

/* The writer of an open object; the first member opens it. */
struct tori_json_out *tori_reply_json(struct tori_reply *reply)
{
    if (reply->json.buf == NULL) {
        reply->json.buf = &reply->body;
        tori_out_open(&reply->json);
    }
    return &reply->json;
}

void tori_reply_text(struct tori_reply *reply, const char *name, struct tori_str value)
{
    tori_out_text(tori_reply_json(reply), name, value);
}

void tori_reply_word(struct tori_reply *reply, const char *name, const char *literal)
{
    tori_out_word(tori_reply_json(reply), name, literal);
}

void tori_reply_int(struct tori_reply *reply, const char *name, int64_t value)
{
    tori_out_int(tori_reply_json(reply), name, value);
}

void tori_reply_bool(struct tori_reply *reply, const char *name, bool value)
{
    tori_out_bool(tori_reply_json(reply), name, value);
}

void tori_reply_time(struct tori_reply *reply, const char *name, tori_time value)
{
    tori_out_time(tori_reply_json(reply), name, value);
}

void tori_reply_b64u(struct tori_reply *reply, const char *name, struct tori_bytes value)
{
    tori_out_b64u(tori_reply_json(reply), name, value);
}

void tori_reply_id(struct tori_reply *reply, const char *name, const struct tori_id *id)
{
    tori_out_id(tori_reply_json(reply), name, id);
}

void tori_reply_end(struct tori_reply *reply)
{
    if (reply->json.buf == NULL)
        return;
    tori_out_close(&reply->json);
    reply->json.buf = NULL;
}

/* "sign_count_back" from "SIGN_COUNT_BACK". */
static struct tori_str code_of(tori_err err, char out[static 48])
{
    const char *name = tori_err_name(err);
    size_t n = 0;

    for (; name[n] != '\0' && n < 48; n++)
        out[n] = name[n] >= 'A' && name[n] <= 'Z' ? (char)(name[n] + 32) : name[n];
    return (struct tori_str){out, n};
}

static enum tori_text_key title_of(struct tori_str code)
{
    char name[64] = "error.";
    enum tori_text_key key = TORI_T_ERROR_INTERNAL;

    for (size_t i = 0; i < code.len; i++)
        name[6 + i] = code.at[i];
    (void)tori_text_find((struct tori_str){name, 6 + code.len}, &key);
    return key;
}

/* Names the field of a body error: the caller sent it, so it may see it. */
static void put_field(const struct tori_ctx *cx, struct tori_reply *reply)
{
    for (unsigned i = 0; i < cx->failure.field_count; i++) {
        const struct tori_kv *kv = &cx->failure.fields[i];
        if (kv->kind == TORI_KV_STR && tori_str_eq(tori_str_z(kv->name), TORI_STR("field")))
            tori_reply_text(reply, "field", kv->text);
    }
}

void tori_reply_problem(struct tori_ctx *cx, struct tori_reply *reply, tori_err err)
{
    char name[48];
    struct tori_str code = code_of(err, name);
    struct tori_buf type = tori_buf_new(cx->arena, 100);
    int64_t retry = reply->retry_after_s;

    tori_reply_begin(reply, cx->arena);
    reply->status = tori_err_status(err);
    reply->content_type = "application/problem+json";
    reply->err = err;
    if (reply->status == 429 || reply->status == 503)
        reply->retry_after_s = retry > 0 ? retry : 1;
    tori_buf_z(&type, "urn:torimori:error:");
    tori_buf_str(&type, code);
    tori_reply_text(reply, "type", tori_buf_text(&type));
    tori_reply_text(reply, "title", tori_text_get(cx->lang, title_of(code)));
    tori_reply_int(reply, "status", reply->status);
    tori_reply_text(reply, "code", code);
    if (reply->status == 400)
        put_field(cx, reply);
    struct tori_buf id = tori_buf_new(cx->arena, 64);
    tori_buf_hex(&id, TORI_BYTES_OF(cx->request_id));
    tori_reply_text(reply, "request_id", tori_buf_text(&id));
    tori_reply_end(reply);
}
