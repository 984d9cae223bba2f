#include "http/cookie.h"

/* RFC 6265bis §4.1.3.2. The two listeners are different hosts; different names keep a mistake in a
 * proxy from turning a customer's session into an operator's. */
static const struct tori_str names[TORI_LISTENER_COUNT][TORI_COOKIE_COUNT] = {
    [TORI_LISTENER_CUSTOMER] = {TORI_STR_INIT("__Host-tori-session"),
                                TORI_STR_INIT("__Host-tori-visit"),
                                TORI_STR_INIT("__Host-tori-lang")},
    [TORI_LISTENER_OPERATOR] = {TORI_STR_INIT("__Host-tori-desk-session"),
                                TORI_STR_INIT("__Host-tori-desk-visit"),
                                TORI_STR_INIT("__Host-tori-desk-lang")},
};

struct tori_str tori_cookie_name(enum tori_listener listener, enum tori_cookie cookie)
{
    return names[listener][cookie];
}

static struct tori_str trim(struct tori_str s)
{
    while (s.len > 0 && s.at[0] == ' ') {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && s.at[s.len - 1] == ' ')
        s.len--;
    return s;
}

/* The next "name=value" before a semicolon. */
static struct tori_str next_pair(struct tori_str *rest)
{
    size_t n = 0;

    while (n < rest->len && rest->at[n] != ';')
        n++;
    struct tori_str pair = {rest->at, n};
    size_t skip = n < rest->len ? n + 1 : n;
    *rest = (struct tori_str){rest->at + skip, rest->len - skip};
    return trim(pair);
}

bool tori_cookie_find(struct tori_str field, struct tori_str name, struct tori_str *out)
{
    struct tori_str found = {NULL, 0};

    while (name.len > 0 && field.len > 0) {
        struct tori_str pair = next_pair(&field);
        if (pair.len <= name.len || pair.at[name.len] != '=' || !tori_str_starts(pair, name))
            continue;
        if (found.at != NULL)
            return false;
        found = (struct tori_str){pair.at + name.len + 1, pair.len - name.len - 1};
    }
    *out = found;
    return true;
}

void tori_cookie_put(struct tori_buf *buf, struct tori_str name,
                     const struct tori_cookie_change *change)
{
    tori_buf_z(buf, "Set-Cookie: ");
    tori_buf_str(buf, name);
    tori_buf_byte(buf, '=');
    tori_buf_str(buf, change->value);
    tori_buf_z(buf, "; Path=/; Secure; HttpOnly; SameSite=Lax");
    if (change->max_age_s > 0 || change->value.len == 0) {
        tori_buf_z(buf, "; Max-Age=");
        tori_buf_i64(buf, change->max_age_s);
    }
    tori_buf_z(buf, "\r\n");
}
