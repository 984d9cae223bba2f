#include "http/page/html.h"

#include <stdio.h>

void tori_html_raw(struct tori_html *h, const char *markup)
{
    tori_buf_z(h->buf, markup);
}

void tori_html_str(struct tori_html *h, struct tori_str s)
{
    tori_buf_html(h->buf, s);
}

void tori_html_key(struct tori_html *h, enum tori_text_key key)
{
    tori_text_put_html(h->buf, h->lang, key, NULL);
}

void tori_html_int(struct tori_html *h, int64_t n)
{
    tori_buf_i64(h->buf, n);
}

void tori_html_id(struct tori_html *h, const struct tori_id *id)
{
    tori_buf_b64u(h->buf, tori_id_bytes(id));
}

void tori_html_address(struct tori_html *h, struct tori_str address)
{
    /* Addresses come from registered channels; a scheme that runs script is still not a link. */
    bool plain =
        tori_str_starts(address, TORI_STR("https://")) ||
        tori_str_starts(address, TORI_STR("http://")) ||
        (tori_str_starts(address, TORI_STR("/")) && !tori_str_starts(address, TORI_STR("//")));

    tori_html_str(h, plain ? address : TORI_STR("/"));
}

void tori_html_wrap(struct tori_html *h, const char *open, enum tori_text_key key,
                    const char *close)
{
    tori_html_fill(h, open, NULL, key, close);
}

void tori_html_fill(struct tori_html *h, const char *open, const struct tori_text_arg *args,
                    enum tori_text_key key, const char *close)
{
    tori_buf_z(h->buf, open);
    tori_text_put_html(h->buf, h->lang, key, args);
    tori_buf_z(h->buf, close);
}

/* The RFC 3339 form has fixed places, so its parts are views on it. */
static struct tori_str part(const char *print, size_t at, size_t len)
{
    return (struct tori_str){print + at, len};
}

void tori_html_time(struct tori_html *h, tori_time t)
{
    char print[TORI_TIME_TEXT];
    const struct tori_text_arg args[] = {
        {"year", part(print, 0, 4)},  {"month", part(print, 5, 2)},   {"day", part(print, 8, 2)},
        {"hour", part(print, 11, 2)}, {"minute", part(print, 14, 2)}, {NULL, {NULL, 0}},
    };

    tori_html_raw(h, "<time datetime=\"");
    tori_buf_time(h->buf, t);
    tori_html_raw(h, "\">");
    /* Japan has one time zone and no summer time. */
    tori_time_print(t + (int64_t)9 * TORI_HOUR_MS, print);
    tori_text_put_html(h->buf, h->lang, TORI_T_PAGE_TIME, args);
    tori_html_raw(h, "</time>");
}

/* ISO 4217 minor units: two, but for these. */
static int decimals(struct tori_str currency)
{
    static const struct {
        struct tori_str code;
        int places;
    } table[] = {
        {TORI_STR_INIT("JPY"), 0}, {TORI_STR_INIT("KRW"), 0}, {TORI_STR_INIT("VND"), 0},
        {TORI_STR_INIT("ISK"), 0}, {TORI_STR_INIT("CLP"), 0}, {TORI_STR_INIT("BHD"), 3},
        {TORI_STR_INIT("JOD"), 3}, {TORI_STR_INIT("KWD"), 3}, {TORI_STR_INIT("OMR"), 3},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (tori_str_eq(table[i].code, currency))
            return table[i].places;
    return 2;
}

enum { DIGITS = 48 };

/* From the right: the decimals, a point, then groups of three. Returns where the text begins. */
static size_t group(int64_t minor, int places, char out[static DIGITS])
{
    uint64_t rest = minor < 0 ? (uint64_t)0 - (uint64_t)minor : (uint64_t)minor;
    size_t at = DIGITS;
    int done = 0;

    while (rest != 0 || done <= places) {
        if (places > 0 && done == places)
            out[--at] = '.';
        if (done > places && (done - places) % 3 == 0)
            out[--at] = ',';
        out[--at] = (char)('0' + rest % 10);
        rest /= 10;
        done++;
    }
    if (minor < 0)
        out[--at] = '-';
    return at;
}

void tori_html_money(struct tori_html *h, struct tori_str currency, int64_t minor)
{
    char digits[DIGITS];
    size_t at = group(minor, decimals(currency), digits);
    const struct tori_text_arg args[] = {
        {"amount", {digits + at, DIGITS - at}}, {"code", currency}, {NULL, {NULL, 0}}};
    bool yen = tori_str_eq(currency, TORI_STR("JPY"));

    tori_text_put_html(h->buf, h->lang, yen ? TORI_T_PAGE_MONEY_YEN : TORI_T_PAGE_MONEY_OTHER,
                       args);
}

static void number(struct tori_html *h, int64_t n)
{
    char digits[DIGITS];
    size_t at = group(n, 0, digits);

    tori_html_str(h, (struct tori_str){digits + at, DIGITS - at});
}

void tori_html_action(struct tori_html *h, struct tori_str action)
{
    char name[96];
    int n = snprintf(name, sizeof(name), "approval.%.*s", TORI_STR_ARG(action));
    enum tori_text_key key;

    if (n > 0 && (size_t)n < sizeof(name) &&
        tori_text_find((struct tori_str){name, (size_t)n}, &key))
        tori_html_wrap(h, "", key, " ");
    tori_html_raw(h, "<code>");
    tori_html_str(h, action);
    tori_html_raw(h, "</code>");
}

static void value(struct tori_html *h, const struct tori_view_line *line)
{
    switch (line->kind) {
    case TORI_LINE_TEXT:
        if (line->label == TORI_T_OPERATION_FIELD_ACTION)
            tori_html_action(h, line->text);
        else
            tori_html_str(h, line->text);
        return;
    case TORI_LINE_MONEY:
        tori_html_money(h, line->text, line->number);
        return;
    case TORI_LINE_NUMBER:
        number(h, line->number);
        return;
    case TORI_LINE_TIME:
        tori_html_time(h, line->number);
        return;
    case TORI_LINE_WORD:
        tori_html_key(h, line->word);
        return;
    }
}

void tori_html_operation(struct tori_html *h, const struct tori_view_operation *operation)
{
    tori_html_raw(h, "<dl class=\"signed\">\n");
    if (operation->account.len > 0) {
        tori_html_wrap(h, "<div><dt>", TORI_T_PAGE_FIELD_ACCOUNT, "</dt><dd>");
        tori_html_str(h, operation->account);
        tori_html_raw(h, "</dd></div>\n");
    }
    for (size_t i = 0; i < operation->line_count; i++) {
        const struct tori_view_line *line = &operation->lines[i];
        bool money = line->kind == TORI_LINE_MONEY;

        tori_html_wrap(h, money ? "<div class=\"amount\"><dt>" : "<div><dt>", line->label,
                       "</dt><dd>");
        value(h, line);
        tori_html_raw(h, "</dd></div>\n");
    }
    tori_html_raw(h, "</dl>\n");
}
