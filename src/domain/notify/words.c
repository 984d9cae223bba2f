#include "domain/notify/notify_int.h"

static TORI_RESULT filled(struct tori_ctx *cx, enum tori_lang lang, enum tori_text_key key,
                          const struct tori_text_arg *args, struct tori_str *out)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 512);

    tori_text_put(&buf, lang, key, args);
    TORI_TRY(tori_buf_done(cx, &buf));
    *out = tori_buf_text(&buf);
    return TORI_OK;
}

/* The time where the broker is, and which zone that is: customers travel. */
static TORI_RESULT time_words(struct tori_ctx *cx, enum tori_lang lang, tori_time t,
                              struct tori_str *out)
{
    char text[TORI_TIME_TEXT];

    tori_time_print(t + 9 * (tori_time)TORI_HOUR_MS, text); /* Japan has no summer time */
    const struct tori_text_arg args[] = {{"year", {text, 4}},
                                         {"month", {text + 5, 2}},
                                         {"day", {text + 8, 2}},
                                         {"clock", {text + 11, 8}},
                                         {NULL, {NULL, 0}}};
    return filled(cx, lang, TORI_T_NOTIFY_TIME, args, out);
}

/* 1234567 as "1,234,567". */
static void put_grouped(struct tori_buf *buf, uint64_t n)
{
    if (n >= 1000) {
        put_grouped(buf, n / 1000);
        tori_buf_printf(buf, ",%03u", (unsigned)(n % 1000));
        return;
    }
    tori_buf_printf(buf, "%u", (unsigned)n);
}

/* ISO 4217: most currencies have two decimals; these do not. */
static unsigned decimals(struct tori_str currency)
{
    static const char none[] =
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
    static const char three[] = "BHD IQD JOD KWD LYD OMR TND";

    for (size_t i = 0; i + 3 < sizeof(none); i += 4)
        if (tori_str_eq(currency, (struct tori_str){none + i, 3}))
            return 0;
    for (size_t i = 0; i + 3 < sizeof(three); i += 4)
        if (tori_str_eq(currency, (struct tori_str){three + i, 3}))
            return 3;
    return 2;
}

static TORI_RESULT amount(struct tori_ctx *cx, int64_t minor, unsigned places, struct tori_str *out)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 64);
    uint64_t size = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    uint64_t unit = places == 0 ? 1 : places == 2 ? 100 : 1000;

    if (minor < 0)
        tori_buf_z(&buf, "-");
    put_grouped(&buf, size / unit);
    if (places > 0)
        tori_buf_printf(&buf, ".%0*u", (int)places, (unsigned)(size % unit));
    TORI_TRY(tori_buf_done(cx, &buf));
    *out = tori_buf_text(&buf);
    return TORI_OK;
}

static TORI_RESULT money_words(struct tori_ctx *cx, enum tori_lang lang,
                               const struct tori_notify_param *value, struct tori_str *out)
{
    bool yen = tori_str_eq(value->text, TORI_STR("JPY"));
    struct tori_text_arg args[] = {
        {"amount", {NULL, 0}}, {"currency", value->text}, {NULL, {NULL, 0}}};

    TORI_TRY(amount(cx, value->number, decimals(value->text), &args[0].value));
    return filled(cx, lang, yen ? TORI_T_NOTIFY_YEN : TORI_T_NOTIFY_MONEY, args, out);
}

static TORI_RESULT word_words(struct tori_ctx *cx, enum tori_lang lang,
                              const struct tori_template_param *param, struct tori_str value,
                              struct tori_str *out)
{
    for (const struct tori_template_word *w = param->words; w->word != NULL; w++)
        if (tori_str_eq(tori_str_z(w->word), value)) {
            *out = w->text[lang];
            return TORI_OK;
        }
    return TORI_FAIL(cx, STORE_DATA, tori_word("param", param->name));
}

static struct tori_str text_words(enum tori_lang lang, struct tori_str value)
{
    if (value.len == 0)
        return tori_text_get(lang, TORI_T_NOTIFY_UNKNOWN);
    /* NOTIFY-07: whoever names a passkey or a channel may not put a link into our mail. */
    if (tori_notify_link_in(value))
        return tori_text_get(lang, TORI_T_NOTIFY_WITHHELD);
    return value;
}

static TORI_RESULT tail_words(struct tori_ctx *cx, enum tori_lang lang, struct tori_str end,
                              struct tori_str *out)
{
    const struct tori_text_arg args[] = {{"end", text_words(lang, end)}, {NULL, {NULL, 0}}};

    return filled(cx, lang, TORI_T_NOTIFY_TAIL, args, out);
}

TORI_RESULT tori_notify_words(struct tori_ctx *cx, enum tori_lang lang,
                              const struct tori_template_param *param,
                              const struct tori_notify_param *value, struct tori_str *out)
{
    switch (param->kind) {
    case TORI_NOTIFY_TEXT:
    case TORI_NOTIFY_CODE:
        *out = text_words(lang, value->text);
        return TORI_OK;
    case TORI_NOTIFY_TIME:
        return time_words(cx, lang, value->number, out);
    case TORI_NOTIFY_INT:
        return amount(cx, value->number, 0, out);
    case TORI_NOTIFY_MONEY:
        return money_words(cx, lang, value, out);
    case TORI_NOTIFY_TAIL:
        return tail_words(cx, lang, value->text, out);
    case TORI_NOTIFY_WORD:
        return word_words(cx, lang, param, value->text, out);
    }
    return TORI_FAIL(cx, INTERNAL);
}
