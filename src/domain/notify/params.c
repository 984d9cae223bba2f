#include "codec/json.h"
#include "domain/notify/notify_int.h"

enum { TEXT_MAX = 120, PARAM_MAX = 16 };

struct tori_notify_param tori_notify_text(const char *name, struct tori_str value)
{
    return (struct tori_notify_param){.name = name, .kind = TORI_NOTIFY_TEXT, .text = value};
}

struct tori_notify_param tori_notify_time(const char *name, tori_time value)
{
    return (struct tori_notify_param){.name = name, .kind = TORI_NOTIFY_TIME, .number = value};
}

struct tori_notify_param tori_notify_int(const char *name, int64_t value)
{
    return (struct tori_notify_param){.name = name, .kind = TORI_NOTIFY_INT, .number = value};
}

struct tori_notify_param tori_notify_money(const char *name, struct tori_str currency,
                                           int64_t minor)
{
    return (struct tori_notify_param){
        .name = name, .kind = TORI_NOTIFY_MONEY, .text = currency, .number = minor};
}

static size_t character_start(struct tori_str text, size_t at)
{
    while (at > 0 && at < text.len && ((uint8_t)text.at[at] & 0xc0) == 0x80)
        at--;
    return at;
}

struct tori_notify_param tori_notify_tail(const char *name, struct tori_str number)
{
    struct tori_str end = number;
    size_t at = number.len, characters = 0;

    while (at > 0 && characters < 3) {
        at = character_start(number, at - 1);
        characters++;
    }
    end.at += at;
    end.len -= at;
    return (struct tori_notify_param){.name = name, .kind = TORI_NOTIFY_TAIL, .text = end};
}

struct tori_notify_param tori_notify_code(const char *name, struct tori_str code)
{
    return (struct tori_notify_param){.name = name, .kind = TORI_NOTIFY_CODE, .text = code};
}

struct tori_notify_param tori_notify_word(const char *name, const char *word)
{
    return (struct tori_notify_param){
        .name = name, .kind = TORI_NOTIFY_WORD, .text = tori_str_z(word)};
}

/* One line, at most TEXT_MAX bytes, cut between characters. */
static TORI_RESULT tidy(struct tori_ctx *cx, struct tori_str text, struct tori_str *out)
{
    struct tori_buf buf = tori_buf_new(cx->arena, TEXT_MAX + 8);
    size_t n = text.len > TEXT_MAX ? character_start(text, TEXT_MAX) : text.len;

    if (!tori_utf8_valid(tori_str_bytes(text)))
        return TORI_FAIL(cx, BAD_TEXT);
    for (size_t i = 0; i < n; i++)
        if ((uint8_t)text.at[i] >= 0x20 && text.at[i] != 0x7f)
            tori_buf_byte(&buf, (uint8_t)text.at[i]);
    TORI_TRY(tori_buf_done(cx, &buf));
    *out = tori_buf_text(&buf);
    return TORI_OK;
}

static bool word_known(const struct tori_template_param *param, struct tori_str word)
{
    for (const struct tori_template_word *w = param->words; w->word != NULL; w++)
        if (tori_str_eq(tori_str_z(w->word), word))
            return true;
    return false;
}

static TORI_RESULT write_value(struct tori_ctx *cx, struct tori_json_out *out,
                               const struct tori_template_param *param,
                               const struct tori_notify_param *value)
{
    struct tori_str text;

    TORI_TRY(tidy(cx, value->text, &text));
    switch (param->kind) {
    case TORI_NOTIFY_TIME:
    case TORI_NOTIFY_INT:
        tori_out_int(out, param->name, value->number);
        return TORI_OK;
    case TORI_NOTIFY_MONEY:
        tori_out_object(out, param->name);
        tori_out_text(out, "currency", text);
        tori_out_int(out, "minor", value->number);
        tori_out_close(out);
        return TORI_OK;
    case TORI_NOTIFY_WORD:
        if (!word_known(param, text))
            return TORI_FAIL(cx, INTERNAL, tori_word("param", param->name));
        tori_out_text(out, param->name, text);
        return TORI_OK;
    case TORI_NOTIFY_TEXT:
    case TORI_NOTIFY_TAIL:
    case TORI_NOTIFY_CODE:
        tori_out_text(out, param->name, text);
        return TORI_OK;
    }
    return TORI_FAIL(cx, INTERNAL);
}

static const struct tori_notify_param *given(const struct tori_notify_param *list, const char *name)
{
    for (; list->name != NULL; list++)
        if (tori_str_eq(tori_str_z(list->name), tori_str_z(name)))
            return list;
    return NULL;
}

static size_t given_count(const struct tori_notify_param *list)
{
    size_t n = 0;
    while (list[n].name != NULL)
        n++;
    return n;
}

TORI_RESULT tori_notify_params_write(struct tori_ctx *cx, struct tori_str template_name,
                                     const struct tori_notify_param *param, struct tori_bytes *out)
{
    const struct tori_template *template = tori_template_find(template_name);
    struct tori_buf buf = tori_buf_new(cx->arena, TORI_NOTIFY_PARAMS_MAX);
    struct tori_json_out json = {.buf = &buf};
    size_t used = 0;

    if (template == NULL)
        return TORI_FAIL(cx, NOT_FOUND, tori_text("template", template_name));
    tori_out_open(&json);
    for (const struct tori_template_param *p = template->param; p->name != NULL; p++) {
        const struct tori_notify_param *value = given(param, p->name);
        if (value == NULL && p->optional)
            continue;
        if (value == NULL || value->kind != p->kind)
            return TORI_FAIL(cx, INTERNAL, tori_word("param", p->name));
        TORI_TRY(write_value(cx, &json, p, value));
        used++;
    }
    /* What is left over is unknown or stands twice. */
    if (used != given_count(param))
        return TORI_FAIL(cx, INTERNAL, tori_word("template", template->name));
    tori_out_close(&json);
    TORI_TRY(tori_buf_done(cx, &buf));
    *out = tori_buf_view(&buf);
    return TORI_OK;
}

/* What tidy() leaves. */
static bool is_line(struct tori_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.at[i] < 0x20 || text.at[i] == 0x7f)
            return false;
    return true;
}

static bool read_value(const struct tori_template_param *param, const struct tori_json *json,
                       struct tori_notify_param *out)
{
    const struct tori_json *text = json, *number = json;
    bool has_text = param->kind != TORI_NOTIFY_TIME && param->kind != TORI_NOTIFY_INT;
    bool has_number = !has_text || param->kind == TORI_NOTIFY_MONEY;

    if (param->kind == TORI_NOTIFY_MONEY) {
        if (json->kind != TORI_JSON_OBJECT)
            return false;
        text = tori_json_get(json, TORI_STR("currency"));
        number = tori_json_get(json, TORI_STR("minor"));
    }
    if (has_text && (text == NULL || text->kind != TORI_JSON_TEXT || !is_line(text->text)))
        return false;
    if (has_number && (number == NULL || number->kind != TORI_JSON_INT))
        return false;
    *out = (struct tori_notify_param){.name = param->name,
                                      .kind = param->kind,
                                      .text = has_text ? text->text : TORI_STR(""),
                                      .number = has_number ? number->number : 0};
    return true;
}

TORI_RESULT tori_notify_params_read(struct tori_ctx *cx, struct tori_str template_name,
                                    const struct tori_notify_reader *reader, struct tori_bytes json,
                                    const struct tori_text_arg **out)
{
    const struct tori_template *template = tori_template_find(template_name);
    struct tori_text_arg *args;
    struct tori_json object;
    size_t n = 0;

    if (template == NULL)
        return TORI_FAIL(cx, NOT_FOUND, tori_text("template", template_name));
    TORI_TRY(tori_json_parse(cx, json, &object));
    TORI_TRY(tori_take(cx, (PARAM_MAX + 2) * sizeof(*args), &args));
    args[n++] = (struct tori_text_arg){"firm", reader->firm};
    for (const struct tori_template_param *p = template->param; p->name != NULL; p++) {
        const struct tori_json *value = tori_json_get(&object, tori_str_z(p->name));
        struct tori_notify_param param;
        if (value == NULL && p->optional)
            continue;
        if (value == NULL || n > PARAM_MAX || !read_value(p, value, &param))
            return TORI_FAIL(cx, STORE_DATA, tori_word("param", p->name));
        args[n].name = p->name;
        TORI_TRY(tori_notify_words(cx, reader->lang, p, &param, &args[n].value));
        n++;
    }
    *out = args;
    return TORI_OK;
}
