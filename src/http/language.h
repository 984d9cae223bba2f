/* In which language does this browser want to be spoken to? Japanese unless it says otherwise. */
#ifndef TORI_HTTP_LANGUAGE_H
#define TORI_HTTP_LANGUAGE_H

#include "base/ctx.h"

struct tori_language_hints {
    struct tori_str query;  /* "lang=en" among its parts: the strongest */
    struct tori_str cookie; /* what was chosen that way before */
    struct tori_str accept; /* Accept-Language, RFC 9110 §12.5.4 */
};

/* *chosen: the query named it. */
enum tori_lang tori_language_choose(const struct tori_language_hints *hints, bool *chosen);
struct tori_str tori_language_name(enum tori_lang lang);

#endif
