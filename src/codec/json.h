/* JSON of hostile origin: strict, bounded, duplicates refused. The library behind it is jansson; no
 * other file includes it, so a faster parser can take its place. */
#ifndef TORI_CODEC_JSON_H
#define TORI_CODEC_JSON_H

#include "base/buf.h"
#include "base/ctx.h"

enum { TORI_JSON_DEPTH = 8, TORI_JSON_MEMBERS = 256 };

enum tori_json_kind {
    TORI_JSON_NULL,
    TORI_JSON_BOOL,
    TORI_JSON_INT, /* whole numbers within int64; any other number is BAD_JSON */
    TORI_JSON_TEXT,
    TORI_JSON_LIST,
    TORI_JSON_OBJECT,
};

struct tori_json_member;

/* A parsed value; it and all below it live in the request's arena. */
struct tori_json {
    enum tori_json_kind kind;
    int64_t number;                        /* INT; BOOL as 0 or 1 */
    struct tori_str text;                  /* TEXT */
    size_t count;                          /* LIST, OBJECT */
    const struct tori_json *item;          /* LIST */
    const struct tori_json_member *member; /* OBJECT, in the order of the text */
};

struct tori_json_member {
    struct tori_str name;
    struct tori_json value;
};

/* The whole of `text` must be one JSON value. BAD_JSON, BAD_TEXT, TOO_DEEP, TOO_LARGE. */
TORI_RESULT tori_json_parse(struct tori_ctx *cx, struct tori_bytes text, struct tori_json *out);

/* NULL when the object has no such member. */
const struct tori_json *tori_json_get(const struct tori_json *object, struct tori_str name);

/* Writes a parsed value again: members in their order, no white space. */
void tori_json_write(struct tori_buf *buf, const struct tori_json *value);

/* Answers are written straight into a buffer. The writer places commas; names are literals. */
struct tori_json_out {
    struct tori_buf *buf;
    bool comma;
};
void tori_out_open(struct tori_json_out *out);                     /* { */
void tori_out_close(struct tori_json_out *out);                    /* } */
void tori_out_object(struct tori_json_out *out, const char *name); /* "name":{ */
void tori_out_list(struct tori_json_out *out, const char *name);   /* "name":[ */
void tori_out_list_end(struct tori_json_out *out);                 /* ] */
void tori_out_item(struct tori_json_out *out);                     /* before an element of a list */
void tori_out_text(struct tori_json_out *out, const char *name, struct tori_str value);
void tori_out_word(struct tori_json_out *out, const char *name, const char *literal);
void tori_out_int(struct tori_json_out *out, const char *name, int64_t value);
void tori_out_bool(struct tori_json_out *out, const char *name, bool value);
void tori_out_time(struct tori_json_out *out, const char *name, tori_time value);
void tori_out_b64u(struct tori_json_out *out, const char *name, struct tori_bytes value);
void tori_out_hex(struct tori_json_out *out, const char *name, struct tori_bytes value);
void tori_out_id(struct tori_json_out *out, const char *name, const struct tori_id *id);
void tori_out_json(struct tori_json_out *out, const char *name, const struct tori_json *value);

#endif
