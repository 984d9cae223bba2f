#include "codec/fields.h"

#include "codec/base64url.h"

static struct tori_result bad(struct tori_ctx *cx, const struct tori_field *field, const char *why)
{
    return TORI_FAIL(cx, BAD_FIELD, tori_word("field", field->name), tori_word("why", why));
}

static struct tori_result expect(struct tori_ctx *cx, const struct tori_field *field,
                                 const struct tori_json *value, enum tori_json_kind kind)
{
    if (value->kind != kind)
        return bad(cx, field, "type");
    return TORI_OK;
}

static struct tori_result in_range(struct tori_ctx *cx, const struct tori_field *field, int64_t n)
{
    if (n < field->min || n > field->max)
        return TORI_FAIL(cx, BAD_FIELD, tori_word("field", field->name), tori_word("why", "range"),
                         tori_i64("got", n));
    return TORI_OK;
}

static bool between(uint32_t c, uint32_t first, uint32_t last)
{
    return c >= first && c <= last;
}

/* Controls change what a page or a terminal shows; line separators forge lines of the canonical
 * form for whoever splits by them; bidirectional overrides make an account number read
 * backwards. */
static bool is_unwanted(uint32_t c)
{
    return c < 0x20 || between(c, 0x7f, 0x9f) || c == 0x061c || between(c, 0x200e, 0x200f) ||
           between(c, 0x2028, 0x202e) || between(c, 0x2066, 0x2069);
}

/* `text` is valid UTF-8. */
static bool has_unwanted(struct tori_str text)
{
    for (size_t i = 0; i < text.len;) {
        uint8_t first = (uint8_t)text.at[i++];
        int more = (first >= 0xc0) + (first >= 0xe0) + (first >= 0xf0);
        uint32_t c = more == 0 ? first : first & (0x3fu >> more);
        for (; more > 0 && i < text.len; more--)
            c = c << 6 | ((uint8_t)text.at[i++] & 0x3fu);
        if (is_unwanted(c))
            return true;
    }
    return false;
}

static struct tori_result read_text(struct tori_ctx *cx, const struct tori_field *field,
                                    const struct tori_json *value, struct tori_str *out)
{
    TORI_TRY(expect(cx, field, value, TORI_JSON_TEXT));
    TORI_TRY(in_range(cx, field, (int64_t)value->text.len));
    if (has_unwanted(value->text))
        return bad(cx, field, "control character");
    *out = value->text;
    return TORI_OK;
}

static struct tori_result read_b64u(struct tori_ctx *cx, const struct tori_field *field,
                                    const struct tori_json *value, struct tori_bytes *out)
{
    TORI_TRY(expect(cx, field, value, TORI_JSON_TEXT));
    TORI_TRY(in_range(cx, field, (int64_t)(value->text.len * 3 / 4)));
    if (TORI_FAILED(tori_b64u_decode(cx, value->text, out)))
        return bad(cx, field, "base64url");
    return TORI_OK;
}

static struct tori_result read_id(struct tori_ctx *cx, const struct tori_field *field,
                                  const struct tori_json *value, struct tori_id *out)
{
    TORI_TRY(expect(cx, field, value, TORI_JSON_TEXT));
    if (TORI_FAILED(tori_id_parse(cx, value->text, out)))
        return bad(cx, field, "id");
    return TORI_OK;
}

static struct tori_result read_time(struct tori_ctx *cx, const struct tori_field *field,
                                    const struct tori_json *value, tori_time *out)
{
    TORI_TRY(expect(cx, field, value, TORI_JSON_TEXT));
    if (!tori_time_parse(value->text, out))
        return bad(cx, field, "time");
    return TORI_OK;
}

/* The index of a word; -1: not one of them. */
static int find_word(const struct tori_field *field, struct tori_str text)
{
    for (int i = 0; field->words[i] != NULL; i++) {
        if (tori_str_eq(text, tori_str_z(field->words[i])))
            return i;
    }
    return -1;
}

static struct tori_result read_word(struct tori_ctx *cx, const struct tori_field *field,
                                    const struct tori_json *value, int *out)
{
    TORI_TRY(expect(cx, field, value, TORI_JSON_TEXT));
    int word = find_word(field, value->text);
    if (word < 0)
        return bad(cx, field, "word");
    *out = word;
    return TORI_OK;
}

static struct tori_result read_set(struct tori_ctx *cx, const struct tori_field *field,
                                   const struct tori_json *value, int64_t *out)
{
    int64_t set = 0;

    TORI_TRY(expect(cx, field, value, TORI_JSON_LIST));
    TORI_TRY(in_range(cx, field, (int64_t)value->count));
    for (size_t i = 0; i < value->count; i++) {
        TORI_TRY(expect(cx, field, &value->item[i], TORI_JSON_TEXT));
        int word = find_word(field, value->item[i].text);
        if (word < 0 && !field->open)
            return bad(cx, field, "word");
        if (word >= 0)
            set |= (int64_t)1 << word;
    }
    *out = set;
    return TORI_OK;
}

static struct tori_result read_table(struct tori_ctx *cx, const struct tori_field *table,
                                     const struct tori_json *object, bool open, void *out);

static struct tori_result read_list(struct tori_ctx *cx, const struct tori_field *field,
                                    const struct tori_json *value, struct tori_list *out)
{
    uint8_t *item;

    TORI_TRY(expect(cx, field, value, TORI_JSON_LIST));
    TORI_TRY(in_range(cx, field, (int64_t)value->count));
    TORI_TRY(tori_take(cx, value->count * field->item_size, &item));
    for (size_t i = 0; i < value->count; i++) {
        TORI_TRY(expect(cx, field, &value->item[i], TORI_JSON_OBJECT));
        TORI_TRY(
            read_table(cx, field->sub, &value->item[i], field->open, item + i * field->item_size));
    }
    *out = (struct tori_list){item, value->count};
    return TORI_OK;
}

static struct tori_result read_value(struct tori_ctx *cx, const struct tori_field *field,
                                     const struct tori_json *value, void *out)
{
    switch (field->kind) {
    case TORI_FIELD_TEXT:
        return read_text(cx, field, value, out);
    case TORI_FIELD_B64U:
        return read_b64u(cx, field, value, out);
    case TORI_FIELD_ID:
        return read_id(cx, field, value, out);
    case TORI_FIELD_INT:
        TORI_TRY(expect(cx, field, value, TORI_JSON_INT));
        TORI_TRY(in_range(cx, field, value->number));
        *(int64_t *)out = value->number;
        return TORI_OK;
    case TORI_FIELD_BOOL:
        TORI_TRY(expect(cx, field, value, TORI_JSON_BOOL));
        *(bool *)out = value->number != 0;
        return TORI_OK;
    case TORI_FIELD_TIME:
        return read_time(cx, field, value, out);
    case TORI_FIELD_WORD:
        return read_word(cx, field, value, out);
    case TORI_FIELD_SET:
        return read_set(cx, field, value, out);
    case TORI_FIELD_OBJECT:
        TORI_TRY(expect(cx, field, value, TORI_JSON_OBJECT));
        return read_table(cx, field->sub, value, field->open, out);
    case TORI_FIELD_LIST:
        return read_list(cx, field, value, out);
    case TORI_FIELD_JSON:
        TORI_TRY(expect(cx, field, value, TORI_JSON_OBJECT));
        TORI_TRY(in_range(cx, field, (int64_t)value->count));
        *(const struct tori_json **)out = value;
        return TORI_OK;
    case TORI_FIELD_END:
        break;
    }
    return TORI_FAIL(cx, INTERNAL, tori_word("field", field->name));
}

static bool knows(const struct tori_field *table, struct tori_str name)
{
    for (; table->kind != TORI_FIELD_END; table++) {
        if (tori_str_eq(tori_str_z(table->name), name))
            return true;
    }
    return false;
}

static struct tori_result refuse_unknown(struct tori_ctx *cx, const struct tori_field *table,
                                         const struct tori_json *object)
{
    for (size_t i = 0; i < object->count; i++) {
        if (!knows(table, object->member[i].name))
            return TORI_FAIL(cx, UNKNOWN_FIELD, tori_text("field", object->member[i].name));
    }
    return TORI_OK;
}

static struct tori_result read_table(struct tori_ctx *cx, const struct tori_field *table,
                                     const struct tori_json *object, bool open, void *out)
{
    size_t found = 0;

    for (const struct tori_field *field = table; field->kind != TORI_FIELD_END; field++) {
        const struct tori_json *value = tori_json_get(object, tori_str_z(field->name));
        found += value != NULL;
        if (open && value != NULL && value->kind == TORI_JSON_NULL)
            value = NULL;
        if (value == NULL && field->optional)
            continue;
        if (value == NULL)
            return TORI_FAIL(cx, MISSING_FIELD, tori_word("field", field->name));
        TORI_TRY(read_value(cx, field, value, (uint8_t *)out + field->offset));
    }
    if (found < object->count && !open)
        return refuse_unknown(cx, table, object);
    return TORI_OK;
}

struct tori_result tori_fields_read(struct tori_ctx *cx, const struct tori_field *table,
                                    const struct tori_json *object, void *out)
{
    if (object->kind != TORI_JSON_OBJECT)
        return TORI_FAIL(cx, BAD_JSON, tori_word("why", "not an object"));
    return read_table(cx, table, object, false, out);
}
