/* Writing HTML: markup is literals of ours, everything else passes an escape. Words come by key, in
 * the language of the request. Like the buffer beneath, nothing here fails on the spot. */
#ifndef TORI_HTTP_PAGE_HTML_H
#define TORI_HTTP_PAGE_HTML_H

#include "service/view.h"

struct tori_html {
    struct tori_buf *buf;
    enum tori_lang lang;
};

/* A literal, as it stands. */
void tori_html_raw(struct tori_html *h, const char *markup);

/* Escaped, for element text and quoted attributes. */
void tori_html_str(struct tori_html *h, struct tori_str s);
void tori_html_key(struct tori_html *h, enum tori_text_key key);
void tori_html_int(struct tori_html *h, int64_t n);
void tori_html_id(struct tori_html *h, const struct tori_id *id);

/* An address for href: http, https or a path; anything else becomes "/". */
void tori_html_address(struct tori_html *h, struct tori_str address);

/* open, the text of key, close. */
void tori_html_wrap(struct tori_html *h, const char *open, enum tori_text_key key,
                    const char *close);
/* The same with one placeholder filled. */
void tori_html_fill(struct tori_html *h, const char *open, const struct tori_text_arg *args,
                    enum tori_text_key key, const char *close);

/* <time datetime="…UTC…">, read out in Japan's time, which is the firm's. */
void tori_html_time(struct tori_html *h, tori_time t);

/* "500,000 円": grouped digits and the currency's own decimals. */
void tori_html_money(struct tori_html *h, struct tori_str currency, int64_t minor);

/* What an approval does, in words ("approval.<action>"), then its name as it is signed. */
void tori_html_action(struct tori_html *h, struct tori_str action);

/* <dl> of an operation's fields, in canonical order; money stands out. */
void tori_html_operation(struct tori_html *h, const struct tori_view_operation *operation);

/* One placeholder for tori_html_fill. */
#define TORI_HTML_ARG(name_, value_)                                                               \
    (const struct tori_text_arg[])                                                                 \
    {                                                                                              \
        {(name_), (value_)},                                                                       \
        {                                                                                          \
            NULL,                                                                                  \
            {                                                                                      \
                NULL, 0                                                                            \
            }                                                                                      \
        }                                                                                          \
    }

#endif
