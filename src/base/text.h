/* Words meant for people. C holds none: TORI_T_ keys point into text/ja.txt and text/en.txt; the
 * build fails on a missing key or a differing placeholder. */
#ifndef TORI_BASE_TEXT_H
#define TORI_BASE_TEXT_H

#include "base/buf.h"
#include "base/ctx.h"
#include "text_keys.h" /* generated: enum tori_text_key { TORI_T_…, TORI_T_COUNT } */

/* The text as written, placeholders not filled. Never empty. */
struct tori_str tori_text_get(enum tori_lang lang, enum tori_text_key key);

/* By its name in the files ("page.login.title"); false when there is none. */
bool tori_text_find(struct tori_str name, enum tori_text_key *out);

struct tori_text_arg {
    const char *name; /* {name} in the text */
    struct tori_str value;
};

/* Fills {placeholders}; args end with a NULL name. The html form escapes text and values. */
void tori_text_put(struct tori_buf *buf, enum tori_lang lang, enum tori_text_key key,
                   const struct tori_text_arg *args);
void tori_text_put_html(struct tori_buf *buf, enum tori_lang lang, enum tori_text_key key,
                        const struct tori_text_arg *args);

#endif
