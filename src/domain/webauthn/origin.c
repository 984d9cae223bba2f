/* Configured origins. Those of responses are compared byte for byte, so what is configured must
 * already have the form in which browsers write it (WHATWG URL, "serialization of an origin"). */
#include "domain/webauthn/webauthn.h"

enum { HOST_MAX = 253, PORT_DIGITS_MAX = 5, PORT_MAX = 65535 };

static struct tori_result bad(struct tori_ctx *cx, struct tori_str origin, const char *why)
{
    return TORI_FAIL(cx, SETTING_BAD, tori_text("origin", origin), tori_word("why", why));
}

static struct tori_str behind(struct tori_str s, size_t n)
{
    return (struct tori_str){s.at + n, s.len - n};
}

static bool ends_with_label(struct tori_str host, struct tori_str domain)
{
    if (domain.len == 0 || host.len <= domain.len)
        return tori_str_eq(host, domain) && domain.len > 0;
    struct tori_str end = behind(host, host.len - domain.len);
    return tori_str_eq(end, domain) && end.at[-1] == '.';
}

static bool is_label_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Lower case, labels neither empty nor with a hyphen at an end. Names with other letters are
 * written in their xn-- form, as browsers do. */
static bool is_host(struct tori_str host)
{
    char before = '.';

    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];
        if (c == '.' ? before == '.' || before == '-' : !is_label_char(c))
            return false;
        if (c == '-' && before == '.')
            return false;
        before = c;
    }
    return host.len > 0 && host.len <= HOST_MAX && before != '.' && before != '-';
}

/* 1 … 65535 without leading zeros; browsers leave the default port out. */
static bool is_port(struct tori_str port, int default_port)
{
    int value = 0;

    if (port.len == 0 || port.len > PORT_DIGITS_MAX || port.at[0] == '0')
        return false;
    for (size_t i = 0; i < port.len; i++) {
        if (port.at[i] < '0' || port.at[i] > '9')
            return false;
        value = value * 10 + (port.at[i] - '0');
    }
    return value <= PORT_MAX && value != default_port;
}

static size_t find_colon(struct tori_str s)
{
    size_t i = 0;
    while (i < s.len && s.at[i] != ':')
        i++;
    return i;
}

struct tori_result tori_webauthn_origin(struct tori_ctx *cx, struct tori_str configured,
                                        struct tori_str rp_id, struct tori_str *out)
{
    const struct tori_str secure = TORI_STR("https://"), plain = TORI_STR("http://");
    struct tori_str origin = configured;

    if (origin.len > 0 && origin.at[origin.len - 1] == '/')
        origin.len--;
    bool https = tori_str_starts(origin, secure);
    if (!https && !tori_str_starts(origin, plain))
        return bad(cx, configured, "scheme");
    struct tori_str rest = behind(origin, https ? secure.len : plain.len);
    struct tori_str host = {rest.at, find_colon(rest)};
    if (!is_host(host))
        return bad(cx, configured, "host");
    if (host.len < rest.len && !is_port(behind(rest, host.len + 1), https ? 443 : 80))
        return bad(cx, configured, "port");
    /* Without TLS browsers offer passkeys on the machine's own names only. */
    if (!https && !ends_with_label(host, TORI_STR("localhost")))
        return bad(cx, configured, "not https");
    if (!ends_with_label(host, rp_id))
        return bad(cx, configured, "outside the RP ID");
    *out = origin;
    return TORI_OK;
}
