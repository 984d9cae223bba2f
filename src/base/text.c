#include "base/text.h"

#include <string.h>

#include "base/text_int.h"

struct tori_str tori_text_get(enum tori_lang lang, enum tori_text_key key)
{
    return tori_text_table[key].text[lang];
}

static int compare(struct tori_str a, struct tori_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.at, b.at, n);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool tori_text_find(struct tori_str name, enum tori_text_key *out)
{
    size_t low = 0, high = TORI_T_COUNT;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(name, tori_text_table[middle].name);
        if (order == 0) {
            *out = (enum tori_text_key)middle;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

typedef void put_fn(struct tori_buf *buf, struct tori_str s);

static void put_arg(struct tori_buf *buf, struct tori_str name, const struct tori_text_arg *args,
                    put_fn *put)
{
    for (; args != NULL && args->name != NULL; args++)
        if (tori_str_eq(tori_str_z(args->name), name)) {
            put(buf, args->value);
            return;
        }
}

static void fill(struct tori_buf *buf, struct tori_str text, const struct tori_text_arg *args,
                 put_fn *put)
{
    size_t from = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] != '{')
            continue;
        const char *close = memchr(text.at + i, '}', text.len - i);
        if (close == NULL)
            break;
        size_t end = (size_t)(close - text.at);
        put(buf, (struct tori_str){text.at + from, i - from});
        put_arg(buf, (struct tori_str){text.at + i + 1, end - i - 1}, args, put);
        from = end + 1;
        i = end;
    }
    put(buf, (struct tori_str){text.at + from, text.len - from});
}

void tori_text_put(struct tori_buf *buf, enum tori_lang lang, enum tori_text_key key,
                   const struct tori_text_arg *args)
{
    fill(buf, tori_text_get(lang, key), args, tori_buf_str);
}

void tori_text_put_html(struct tori_buf *buf, enum tori_lang lang, enum tori_text_key key,
                        const struct tori_text_arg *args)
{
    fill(buf, tori_text_get(lang, key), args, tori_buf_html);
}
