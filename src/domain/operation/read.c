/* From the JSON of a channel to the values of an operation. */
#include "codec/base64url.h"
#include "codec/nfc.h"
#include "domain/operation/operation.h"

#define BAD(cx, rule) TORI_FAIL(cx, BAD_FIELD, tori_word("field", (rule)->name))

static bool within(int64_t n, const struct tori_value_rule *rule)
{
    return n >= rule->min && n <= rule->max;
}

/* Limits of texts count characters, as people do. */
static int64_t characters(struct tori_str text)
{
    int64_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += ((uint8_t)text.at[i] & 0xc0) != 0x80;
    return n;
}

static TORI_RESULT read_text(struct tori_ctx *cx, const struct tori_value_rule *rule,
                             const struct tori_json *json, struct tori_value *out)
{
    if (json->kind != TORI_JSON_TEXT || !within(characters(json->text), rule) ||
        !tori_nfc_plain(json->text))
        return BAD(cx, rule);
    out->text = json->text;
    return TORI_OK;
}

static TORI_RESULT read_digits(struct tori_ctx *cx, const struct tori_value_rule *rule,
                               const struct tori_json *json, struct tori_value *out)
{
    if (json->kind != TORI_JSON_TEXT || json->text.len != (size_t)rule->max)
        return BAD(cx, rule);
    for (size_t i = 0; i < json->text.len; i++)
        if (json->text.at[i] < '0' || json->text.at[i] > '9')
            return BAD(cx, rule);
    out->text = json->text;
    return TORI_OK;
}

static TORI_RESULT read_word(struct tori_ctx *cx, const struct tori_value_rule *rule,
                             const struct tori_json *json, struct tori_value *out)
{
    for (const char *const *word = rule->words; json->kind == TORI_JSON_TEXT && *word != NULL;
         word++)
        if (tori_str_eq(tori_str_z(*word), json->text)) {
            out->text = json->text;
            return TORI_OK;
        }
    return BAD(cx, rule);
}

/* ISO 4217: three capital letters. Which ones the firm trades in is the channel's business. */
static bool is_currency(struct tori_str text)
{
    if (text.len != 3)
        return false;
    for (size_t i = 0; i < 3; i++)
        if (text.at[i] < 'A' || text.at[i] > 'Z')
            return false;
    return true;
}

static TORI_RESULT read_money(struct tori_ctx *cx, const struct tori_value_rule *rule,
                              const struct tori_json *json, struct tori_value *out)
{
    if (json->kind != TORI_JSON_OBJECT || json->count != 2)
        return BAD(cx, rule);
    const struct tori_json *currency = tori_json_get(json, TORI_STR("currency"));
    const struct tori_json *minor = tori_json_get(json, TORI_STR("minor"));
    if (currency == NULL || currency->kind != TORI_JSON_TEXT || !is_currency(currency->text) ||
        minor == NULL || minor->kind != TORI_JSON_INT || !within(minor->number, rule))
        return BAD(cx, rule);
    out->text = currency->text;
    out->number = minor->number;
    return TORI_OK;
}

static TORI_RESULT read_int(struct tori_ctx *cx, const struct tori_value_rule *rule,
                            const struct tori_json *json, struct tori_value *out)
{
    if (json->kind != TORI_JSON_INT || !within(json->number, rule))
        return BAD(cx, rule);
    out->number = json->number;
    return TORI_OK;
}

static TORI_RESULT read_id(struct tori_ctx *cx, const struct tori_value_rule *rule,
                           const struct tori_json *json, struct tori_value *out)
{
    if (json->kind != TORI_JSON_TEXT || TORI_FAILED(tori_id_parse(cx, json->text, &out->id)))
        return BAD(cx, rule);
    return TORI_OK;
}

static TORI_RESULT read_value(struct tori_ctx *cx, const struct tori_value_rule *rule,
                              const struct tori_json *json, struct tori_value *out)
{
    switch (rule->kind) {
    case TORI_VALUE_TEXT:
        return read_text(cx, rule, json, out);
    case TORI_VALUE_DIGITS:
        return read_digits(cx, rule, json, out);
    case TORI_VALUE_WORD:
        return read_word(cx, rule, json, out);
    case TORI_VALUE_INT:
        return read_int(cx, rule, json, out);
    case TORI_VALUE_MONEY:
        return read_money(cx, rule, json, out);
    case TORI_VALUE_ID:
        return read_id(cx, rule, json, out);
    }
    return BAD(cx, rule);
}

static TORI_RESULT refuse_unknown(struct tori_ctx *cx, const struct tori_value_rule *rule,
                                  const struct tori_json *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct tori_value_rule *r = rule;
        while (r->name != NULL && !tori_str_eq(tori_str_z(r->name), fields->member[i].name))
            r++;
        if (r->name == NULL)
            return TORI_FAIL(cx, UNKNOWN_FIELD, tori_text("field", fields->member[i].name));
    }
    return TORI_OK;
}

struct tori_result tori_operation_read(struct tori_ctx *cx, const struct tori_operation_type *type,
                                       const struct tori_json *fields,
                                       struct tori_value value[static TORI_VALUES_MAX])
{
    static const struct tori_json empty = {.kind = TORI_JSON_OBJECT};

    if (fields == NULL)
        fields = &empty;
    TORI_TRY(refuse_unknown(cx, type->rule, fields));
    for (size_t i = 0; i < TORI_VALUES_MAX; i++)
        value[i] = (struct tori_value){.present = false};
    for (size_t i = 0; type->rule[i].name != NULL; i++) {
        const struct tori_json *json = tori_json_get(fields, tori_str_z(type->rule[i].name));
        if (json == NULL && type->rule[i].optional)
            continue;
        if (json == NULL)
            return TORI_FAIL(cx, MISSING_FIELD, tori_word("field", type->rule[i].name));
        TORI_TRY(read_value(cx, &type->rule[i], json, &value[i]));
        value[i].present = true;
    }
    return TORI_OK;
}

const struct tori_operation_entry *tori_operation_named(struct tori_str name)
{
    for (size_t i = 0; i < tori_operation_type_count; i++)
        if (tori_str_eq(tori_str_z(tori_operation_types[i].name), name))
            return &tori_operation_types[i];
    return NULL;
}
