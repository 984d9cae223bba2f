/* The writing half of codec/json.h: straight into a buffer, no tree. */
#include "codec/json.h"

static void write_list(struct tori_buf *buf, const struct tori_json *list)
{
    tori_buf_byte(buf, '[');
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            tori_buf_byte(buf, ',');
        tori_json_write(buf, &list->item[i]);
    }
    tori_buf_byte(buf, ']');
}

static void write_object(struct tori_buf *buf, const struct tori_json *object)
{
    tori_buf_byte(buf, '{');
    for (size_t i = 0; i < object->count; i++) {
        if (i > 0)
            tori_buf_byte(buf, ',');
        tori_buf_json_str(buf, object->member[i].name);
        tori_buf_byte(buf, ':');
        tori_json_write(buf, &object->member[i].value);
    }
    tori_buf_byte(buf, '}');
}

void tori_json_write(struct tori_buf *buf, const struct tori_json *value)
{
    switch (value->kind) {
    case TORI_JSON_NULL:
        tori_buf_z(buf, "null");
        return;
    case TORI_JSON_BOOL:
        tori_buf_z(buf, value->number != 0 ? "true" : "false");
        return;
    case TORI_JSON_INT:
        tori_buf_i64(buf, value->number);
        return;
    case TORI_JSON_TEXT:
        tori_buf_json_str(buf, value->text);
        return;
    case TORI_JSON_LIST:
        write_list(buf, value);
        return;
    case TORI_JSON_OBJECT:
        write_object(buf, value);
        return;
    }
}

/* The comma that is due, then the name. */
static void put_name(struct tori_json_out *out, const char *name)
{
    tori_out_item(out);
    tori_buf_byte(out->buf, '"');
    tori_buf_z(out->buf, name);
    tori_buf_z(out->buf, "\":");
}

static void put_open(struct tori_json_out *out, uint8_t bracket)
{
    tori_buf_byte(out->buf, bracket);
    out->comma = false;
}

static void put_close(struct tori_json_out *out, uint8_t bracket)
{
    tori_buf_byte(out->buf, bracket);
    out->comma = true;
}

void tori_out_open(struct tori_json_out *out)
{
    put_open(out, '{');
}

void tori_out_close(struct tori_json_out *out)
{
    put_close(out, '}');
}

void tori_out_object(struct tori_json_out *out, const char *name)
{
    put_name(out, name);
    put_open(out, '{');
}

void tori_out_list(struct tori_json_out *out, const char *name)
{
    put_name(out, name);
    put_open(out, '[');
}

void tori_out_list_end(struct tori_json_out *out)
{
    put_close(out, ']');
}

void tori_out_item(struct tori_json_out *out)
{
    if (out->comma)
        tori_buf_byte(out->buf, ',');
    out->comma = true;
}

void tori_out_text(struct tori_json_out *out, const char *name, struct tori_str value)
{
    put_name(out, name);
    tori_buf_json_str(out->buf, value);
}

void tori_out_word(struct tori_json_out *out, const char *name, const char *literal)
{
    tori_out_text(out, name, tori_str_z(literal));
}

void tori_out_int(struct tori_json_out *out, const char *name, int64_t value)
{
    put_name(out, name);
    tori_buf_i64(out->buf, value);
}

void tori_out_bool(struct tori_json_out *out, const char *name, bool value)
{
    put_name(out, name);
    tori_buf_z(out->buf, value ? "true" : "false");
}

/* A value that needs quotes but no escapes. */
static void put_quoted(struct tori_json_out *out, const char *name,
                       void (*put)(struct tori_buf *, struct tori_bytes), struct tori_bytes value)
{
    put_name(out, name);
    tori_buf_byte(out->buf, '"');
    put(out->buf, value);
    tori_buf_byte(out->buf, '"');
}

void tori_out_time(struct tori_json_out *out, const char *name, tori_time value)
{
    char text[TORI_TIME_TEXT];

    tori_time_print(value, text);
    tori_out_text(out, name, (struct tori_str){text, sizeof(text)});
}

void tori_out_b64u(struct tori_json_out *out, const char *name, struct tori_bytes value)
{
    put_quoted(out, name, tori_buf_b64u, value);
}

void tori_out_hex(struct tori_json_out *out, const char *name, struct tori_bytes value)
{
    put_quoted(out, name, tori_buf_hex, value);
}

void tori_out_id(struct tori_json_out *out, const char *name, const struct tori_id *id)
{
    tori_out_b64u(out, name, tori_id_bytes(id));
}

void tori_out_json(struct tori_json_out *out, const char *name, const struct tori_json *value)
{
    put_name(out, name);
    tori_json_write(out->buf, value);
}
