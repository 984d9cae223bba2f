#include "http/language.h"

#include <string.h>

struct tori_str tori_language_name(enum tori_lang lang)
{
    return lang == TORI_EN ? TORI_STR("en") : TORI_STR("ja");
}

static bool read_name(struct tori_str name, enum tori_lang *out)
{
    for (int lang = 0; lang < TORI_LANG_COUNT; lang++) {
        if (!tori_str_eq(name, tori_language_name((enum tori_lang)lang)))
            continue;
        *out = (enum tori_lang)lang;
        return true;
    }
    return false;
}

static struct tori_str cut(struct tori_str *rest, char at)
{
    size_t n = 0;

    while (n < rest->len && rest->at[n] != at)
        n++;
    struct tori_str part = {rest->at, n};
    size_t skip = n < rest->len ? n + 1 : n;
    *rest = (struct tori_str){rest->at + skip, rest->len - skip};
    while (part.len > 0 && part.at[0] == ' ')
        part = (struct tori_str){part.at + 1, part.len - 1};
    return part;
}

/* "q=0.8" in thousandths; 1000 when there is none. */
static int weight(struct tori_str text)
{
    int q = 0;
    int unit = 1000;

    if (!tori_str_starts(text, TORI_STR("q=")))
        return 1000;
    for (size_t i = 2; i < text.len && i < 7; i++) {
        if (text.at[i] == '.')
            continue;
        if (text.at[i] < '0' || text.at[i] > '9')
            break;
        q += (text.at[i] - '0') * unit;
        unit /= 10;
    }
    return q;
}

static enum tori_lang from_accept(struct tori_str accept)
{
    enum tori_lang best = TORI_JA;
    int best_q = 0;

    while (accept.len > 0) {
        struct tori_str item = cut(&accept, ',');
        struct tori_str tag = cut(&item, ';');
        struct tori_str primary = cut(&tag, '-');
        int q = weight(cut(&item, ';'));
        enum tori_lang lang;
        if (q <= best_q || !read_name(primary, &lang))
            continue;
        best = lang;
        best_q = q;
    }
    return best;
}

enum tori_lang tori_language_choose(const struct tori_language_hints *hints, bool *chosen)
{
    struct tori_str query = hints->query;
    enum tori_lang lang;

    *chosen = false;
    while (query.len > 0) {
        struct tori_str pair = cut(&query, '&');
        struct tori_str name = cut(&pair, '=');
        if (!tori_str_eq(name, TORI_STR("lang")) || !read_name(pair, &lang))
            continue;
        *chosen = true;
        return lang;
    }
    return read_name(hints->cookie, &lang) ? lang : from_accept(hints->accept);
}
