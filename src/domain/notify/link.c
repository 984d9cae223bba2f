#include "domain/notify/notify.h"

/* tools/gen_templates.py holds the templates to the same rules; test/data/links.txt compares
 * both. */

enum { TEXT_MAX = 512 };

/* The text as code points in lower case from at[1] on, full-width forms folded to ASCII, zeros
 * around it, so that looking at the neighbours needs no bounds. */
struct letters {
    uint32_t at[1 + TEXT_MAX + 16];
    size_t len;
};

static uint32_t fold(uint32_t c)
{
    if (c >= 0xff01 && c <= 0xff5e)
        c -= 0xfee0;
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* False when the text is longer than anything we print. It is valid UTF-8. */
static bool read_letters(struct tori_str text, struct letters *out)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len;) {
        uint8_t lead = (uint8_t)text.at[i++];
        uint32_t c = lead < 0x80   ? lead
                     : lead < 0xe0 ? lead & 31
                     : lead < 0xf0 ? lead & 15
                                   : lead & 7;
        while (i < text.len && ((uint8_t)text.at[i] & 0xc0) == 0x80)
            c = c << 6 | ((uint8_t)text.at[i++] & 0x3f);
        if (n == TEXT_MAX)
            return false;
        out->at[++n] = fold(c);
    }
    out->len = n;
    return true;
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_latin(uint32_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_plain(uint32_t c)
{
    return is_latin(c) || is_digit(c);
}

/* A letter of any script; punctuation of Japanese and typography is none. */
static bool is_letter(uint32_t c)
{
    return is_latin(c) || (c >= 0xa1 && !(c >= 0x2000 && c <= 0x206f) &&
                           !(c >= 0x3000 && c <= 0x303f) && !(c >= 0xff00 && c <= 0xff65));
}

static bool is_space(uint32_t c)
{
    return c == 0 || c == ' ' || c == '\n' || c == '\t' || c == 0x3000 || c == 0xa0;
}

static bool starts(const uint32_t *at, const char *word)
{
    while (*word != '\0')
        if (*at++ != (uint8_t)*word++)
            return false;
    return true;
}

static bool scheme_here(const uint32_t *at)
{
    static const char *const names[] = {
        "http:", "https:", "hxxp:",   "hxxps:", "ftp:",       "mailto:",
        "tel:",  "sms:",   "intent:", "data:",  "javascript:"};

    if (is_plain(at[-1]))
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (starts(at, names[i]))
            return true;
    return starts(at, "www") && !is_plain(at[3]);
}

static bool dot_here(const uint32_t *at)
{
    if (*at == '.' || *at == 0xff61)
        return (is_letter(at[-1]) || is_digit(at[-1])) && is_letter(at[1]) && is_letter(at[2]);
    return *at == 0x3002 && is_plain(at[-1]) && is_latin(at[1]) && is_latin(at[2]);
}

/* Four groups of digits with dots between them. */
static bool quad_here(const uint32_t *at)
{
    for (int group = 0; group < 4; group++) {
        if (group > 0 && *at++ != '.')
            return false;
        if (!is_digit(*at))
            return false;
        while (is_digit(*at))
            at++;
    }
    return true;
}

static bool markup_here(const uint32_t *at)
{
    if (*at == '<')
        return is_latin(at[1]) || at[1] == '/' || at[1] == '!' || at[1] == '?';
    if (*at != '&')
        return false;
    at += at[1] == '#' ? 2 : 1;
    size_t n = 0;
    while (is_plain(at[n]))
        n++;
    return n > 0 && at[n] == ';';
}

static bool slash_here(const uint32_t *at)
{
    if (*at == ':' && at[1] == '/')
        return is_plain(at[-1]) || at[-1] == '+' || at[-1] == '.' || at[-1] == '-';
    return *at == '/' && at[1] == '/' && is_plain(at[2]);
}

bool tori_notify_link_in(struct tori_str text)
{
    struct letters letters = {.len = 0};

    if (!read_letters(text, &letters))
        return true;
    for (size_t i = 1; i <= letters.len; i++) {
        const uint32_t *at = letters.at + i;
        bool mail = *at == '@' && !is_space(at[-1]) && !is_space(at[1]);
        if (mail || scheme_here(at) || dot_here(at) || quad_here(at) || slash_here(at) ||
            markup_here(at))
            return true;
    }
    return false;
}
