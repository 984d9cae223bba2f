#include "http/openapi.h"

static void put_words(struct tori_json_out *out, const char *const *words)
{
    tori_out_list(out, "enum");
    for (; *words != NULL; words++) {
        tori_out_item(out);
        tori_buf_json_str(out->buf, tori_str_z(*words));
    }
    tori_out_list_end(out);
}

static void put_text(struct tori_json_out *out, const struct tori_field *field)
{
    tori_out_word(out, "type", "string");
    /* Tables count bytes, schemas characters: what passes the table passes the schema. */
    if (field->min > 0)
        tori_out_int(out, "minLength", 1);
    if (field->max > 0)
        tori_out_int(out, "maxLength", field->max);
}

static void put_base64url(struct tori_json_out *out, const struct tori_field *field)
{
    tori_out_word(out, "type", "string");
    tori_out_word(out, "contentEncoding", "base64url");
    tori_out_word(out, "pattern", "^[A-Za-z0-9_-]*$");
    if (field->max == 0)
        return;
    tori_out_int(out, "minLength", (field->min * 4 + 2) / 3);
    tori_out_int(out, "maxLength", (field->max * 4 + 2) / 3);
}

static void put_list(struct tori_json_out *out, const struct tori_field *field)
{
    tori_out_word(out, "type", "array");
    if (field->min > 0)
        tori_out_int(out, "minItems", field->min);
    if (field->max > 0)
        tori_out_int(out, "maxItems", field->max);
    if (field->kind == TORI_FIELD_SET)
        tori_out_bool(out, "uniqueItems", true);
    tori_out_object(out, "items");
    if (field->kind == TORI_FIELD_LIST)
        tori_openapi_schema(out, field->sub, field->open);
    else
        tori_out_word(out, "type", "string");
    if (field->kind == TORI_FIELD_SET && !field->open)
        put_words(out, field->words);
    tori_out_close(out);
}

static void put_kind(struct tori_json_out *out, const struct tori_field *field)
{
    switch (field->kind) {
    case TORI_FIELD_END:
        return;
    case TORI_FIELD_TEXT:
        put_text(out, field);
        return;
    case TORI_FIELD_B64U:
        put_base64url(out, field);
        return;
    case TORI_FIELD_ID:
        tori_out_word(out, "type", "string");
        tori_out_word(out, "pattern", "^[A-Za-z0-9_-]{24}$");
        return;
    case TORI_FIELD_INT:
        tori_out_word(out, "type", "integer");
        if (field->min == 0 && field->max == 0)
            return;
        tori_out_int(out, "minimum", field->min);
        tori_out_int(out, "maximum", field->max);
        return;
    case TORI_FIELD_BOOL:
        tori_out_word(out, "type", "boolean");
        return;
    case TORI_FIELD_TIME:
        tori_out_word(out, "type", "string");
        tori_out_word(out, "format", "date-time");
        return;
    case TORI_FIELD_WORD:
        tori_out_word(out, "type", "string");
        put_words(out, field->words);
        return;
    case TORI_FIELD_OBJECT:
        tori_openapi_schema(out, field->sub, field->open);
        return;
    case TORI_FIELD_LIST:
    case TORI_FIELD_SET:
        put_list(out, field);
        return;
    case TORI_FIELD_JSON:
        tori_out_word(out, "type", "object");
        tori_out_int(out, "maxProperties", field->max);
        return;
    }
}

static void put_required(struct tori_json_out *out, const struct tori_field *table)
{
    tori_out_list(out, "required");
    for (; table->kind != TORI_FIELD_END; table++) {
        if (table->optional)
            continue;
        tori_out_item(out);
        tori_buf_json_str(out->buf, tori_str_z(table->name));
    }
    tori_out_list_end(out);
}

void tori_openapi_schema(struct tori_json_out *out, const struct tori_field *table, bool open)
{
    tori_out_word(out, "type", "object");
    if (!open)
        tori_out_bool(out, "additionalProperties", false);
    put_required(out, table);
    tori_out_object(out, "properties");
    for (const struct tori_field *field = table; field->kind != TORI_FIELD_END; field++) {
        tori_out_object(out, field->name);
        if (field->doc != NULL)
            tori_out_word(out, "description", field->doc);
        put_kind(out, field);
        tori_out_close(out);
    }
    tori_out_close(out);
}
