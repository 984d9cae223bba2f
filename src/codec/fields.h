/* Body tables: the wire shape of a struct. One table reads a JSON object into the struct, prints
 * its part of the OpenAPI document, and seeds the fuzz harness. Unknown members are refused. */
#ifndef TORI_CODEC_FIELDS_H
#define TORI_CODEC_FIELDS_H

#include "codec/json.h"

enum tori_field_kind {
    TORI_FIELD_END = 0,
    TORI_FIELD_TEXT,   /* struct tori_str; min and max count bytes; no control characters, line
                        * separators or bidirectional overrides */
    TORI_FIELD_B64U,   /* struct tori_bytes; min and max count decoded bytes */
    TORI_FIELD_ID,     /* struct tori_id */
    TORI_FIELD_INT,    /* int64_t in min … max */
    TORI_FIELD_BOOL,   /* bool */
    TORI_FIELD_TIME,   /* tori_time, RFC 3339 UTC */
    TORI_FIELD_WORD,   /* int: the index in `words`, from 0 */
    TORI_FIELD_OBJECT, /* an embedded struct with a table of its own */
    TORI_FIELD_LIST,   /* struct tori_list of structs with a table of their own; max counts items */
    TORI_FIELD_SET,    /* int64_t: bit i for words[i], from a list of texts; max counts items; when
                        * open, words that are not in `words` are ignored */
    TORI_FIELD_JSON,   /* const struct tori_json *, an object left as it is; max counts members */
};

struct tori_list {
    const void *at; /* `count` structs of the item's size, in the arena */
    size_t count;
};

struct tori_field {
    const char *name;
    enum tori_field_kind kind;
    size_t offset;
    int64_t min;
    int64_t max;
    bool optional; /* absent: the member stays zero */
    bool open;     /* OBJECT, LIST, SET: unknown members are ignored (the envelope's context; what
                    * browsers     send), and null counts as absent */
    const char *const *words;     /* WORD, SET (at most 62); ends with NULL */
    const struct tori_field *sub; /* OBJECT, LIST */
    size_t item_size;             /* LIST */
    const char *doc;              /* one line for the API document; may be NULL */
};

#define TORI_TEXT(type, member, min_, max_)                                                        \
    {                                                                                              \
        .name = #member, .kind = TORI_FIELD_TEXT, .offset = offsetof(type, member), .min = min_,   \
        .max = max_                                                                                \
    }
#define TORI_B64U(type, member, min_, max_)                                                        \
    {                                                                                              \
        .name = #member, .kind = TORI_FIELD_B64U, .offset = offsetof(type, member), .min = min_,   \
        .max = max_                                                                                \
    }
#define TORI_ID(type, member)                                                                      \
    {                                                                                              \
        .name = #member, .kind = TORI_FIELD_ID, .offset = offsetof(type, member)                   \
    }
#define TORI_INT(type, member, min_, max_)                                                         \
    {                                                                                              \
        .name = #member, .kind = TORI_FIELD_INT, .offset = offsetof(type, member), .min = min_,    \
        .max = max_                                                                                \
    }
#define TORI_BOOL(type, member)                                                                    \
    {                                                                                              \
        .name = #member, .kind = TORI_FIELD_BOOL, .offset = offsetof(type, member)                 \
    }
#define TORI_TIME(type, member)                                                                    \
    {                                                                                              \
        .name = #member, .kind = TORI_FIELD_TIME, .offset = offsetof(type, member)                 \
    }
#define TORI_WORD(type, member, words_)                                                            \
    {                                                                                              \
        .name = #member, .kind = TORI_FIELD_WORD, .offset = offsetof(type, member),                \
        .words = words_                                                                            \
    }
#define TORI_FIELDS_END                                                                            \
    {                                                                                              \
        .kind = TORI_FIELD_END                                                                     \
    }

/* Fills *out, whose members are zero before. MISSING_FIELD, UNKNOWN_FIELD, BAD_FIELD name the
 * field. */
TORI_RESULT tori_fields_read(struct tori_ctx *cx, const struct tori_field *table,
                             const struct tori_json *object, void *out);

#endif
