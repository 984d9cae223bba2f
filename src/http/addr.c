#include "http/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_v4(const struct tori_addr *addr)
{
    return tori_bytes_eq((struct tori_bytes){addr->at, 12}, TORI_BYTES_OF(mapped));
}

static void set_v4(struct tori_addr *addr, const void *four)
{
    memcpy(addr->at, mapped, 12);
    memcpy(addr->at + 12, four, 4);
}

bool tori_addr_from_socket(const struct sockaddr_storage *from, struct tori_addr *out)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct tori_addr addr = {.port = 0};

    switch (from->ss_family) {
    case AF_INET:
        memcpy(&v4, from, sizeof(v4));
        set_v4(&addr, &v4.sin_addr);
        addr.port = ntohs(v4.sin_port);
        break;
    case AF_INET6:
        memcpy(&v6, from, sizeof(v6));
        memcpy(addr.at, &v6.sin6_addr, 16);
        addr.port = ntohs(v6.sin6_port);
        break;
    case AF_UNIX:
        addr.local = true;
        break;
    default:
        return false;
    }
    *out = addr;
    return true;
}

bool tori_addr_parse(struct tori_str text, struct tori_addr *out)
{
    char z[TORI_ADDR_TEXT];
    uint8_t raw[16];
    struct tori_addr addr = {.port = 0};

    if (text.len == 0 || text.len >= sizeof(z))
        return false;
    memcpy(z, text.at, text.len);
    z[text.len] = 0;
    if (inet_pton(AF_INET, z, raw) == 1)
        set_v4(&addr, raw);
    else if (inet_pton(AF_INET6, z, raw) == 1)
        memcpy(addr.at, raw, 16);
    else
        return false;
    *out = addr;
    return true;
}

size_t tori_addr_print(const struct tori_addr *addr, char out[static TORI_ADDR_TEXT])
{
    bool v4 = is_v4(addr);

    if (addr->local)
        memcpy(out, "local", 6);
    else if (inet_ntop(v4 ? AF_INET : AF_INET6, addr->at + (v4 ? 12 : 0), out, TORI_ADDR_TEXT) ==
             NULL)
        out[0] = 0;
    return strlen(out);
}

bool tori_addr_is_loopback(const struct tori_addr *addr)
{
    static const uint8_t one[16] = {[15] = 1};

    if (addr->local)
        return true;
    if (is_v4(addr))
        return addr->at[12] == 127;
    return tori_bytes_eq(TORI_BYTES_OF(addr->at), TORI_BYTES_OF(one));
}

struct tori_addr tori_addr_household(const struct tori_addr *addr)
{
    struct tori_addr house = *addr;

    house.port = 0;
    if (!is_v4(addr) && !addr->local)
        memset(house.at + 8, 0, 8);
    return house;
}

bool tori_addr_eq(const struct tori_addr *a, const struct tori_addr *b)
{
    return a->local == b->local && tori_bytes_eq(TORI_BYTES_OF(a->at), TORI_BYTES_OF(b->at));
}

static bool read_number(struct tori_str text, unsigned max, unsigned *out)
{
    unsigned n = 0;

    if (text.len == 0 || text.len > 5 || (text.len > 1 && text.at[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        n = n * 10 + (unsigned)(text.at[i] - '0');
    }
    *out = n;
    return n <= max;
}

bool tori_net_parse(struct tori_str text, struct tori_net *out)
{
    const char *slash = memchr(text.at, '/', text.len);
    struct tori_str address = {text.at, slash == NULL ? text.len : (size_t)(slash - text.at)};
    struct tori_net net;

    if (!tori_addr_parse(address, &net.base))
        return false;
    unsigned first = is_v4(&net.base) ? 96 : 0;
    unsigned bits = 128 - first;
    if (slash != NULL &&
        !read_number((struct tori_str){slash + 1, text.len - address.len - 1}, 128 - first, &bits))
        return false;
    net.bits = first + bits;
    *out = net;
    return true;
}

bool tori_net_holds(const struct tori_net *net, const struct tori_addr *addr)
{
    size_t whole = net->bits / 8;
    unsigned rest = net->bits % 8;

    if (addr->local || !tori_bytes_eq((struct tori_bytes){net->base.at, whole},
                                      (struct tori_bytes){addr->at, whole}))
        return false;
    return rest == 0 || (net->base.at[whole] ^ addr->at[whole]) >> (8 - rest) == 0;
}

/* The next word of a version 1 line; words are parted by exactly one space. */
static struct tori_str word(struct tori_str *line)
{
    const char *space = memchr(line->at, ' ', line->len);
    struct tori_str w = {line->at, space == NULL ? line->len : (size_t)(space - line->at)};
    size_t skip = space == NULL ? w.len : w.len + 1;

    *line = (struct tori_str){line->at + skip, line->len - skip};
    return w;
}

static enum tori_proxy_state read_v1(struct tori_bytes got, size_t *used, struct tori_addr *client)
{
    static const struct tori_str start = TORI_STR_INIT("PROXY ");
    size_t shown = got.len < start.len ? got.len : start.len;
    if (!tori_bytes_eq((struct tori_bytes){got.at, shown},
                       (struct tori_bytes){(const uint8_t *)start.at, shown}))
        return TORI_PROXY_BAD;

    const uint8_t *end = memchr(got.at, '\n', got.len);
    if (end == NULL)
        return got.len < 107 ? TORI_PROXY_MORE : TORI_PROXY_BAD; /* §2.1: at most 107 bytes */
    size_t len = (size_t)(end - got.at) + 1;
    if (len > 107 || len < start.len + 2 || end[-1] != '\r')
        return TORI_PROXY_BAD;

    struct tori_str line = {(const char *)got.at + start.len, len - start.len - 2};
    struct tori_str family = word(&line);
    *used = len;
    if (tori_str_eq(family, TORI_STR("UNKNOWN")))
        return TORI_PROXY_DONE;

    struct tori_addr addr;
    unsigned port, ignored;
    bool v4 = tori_str_eq(family, TORI_STR("TCP4"));
    if (!v4 && !tori_str_eq(family, TORI_STR("TCP6")))
        return TORI_PROXY_BAD;
    if (!tori_addr_parse(word(&line), &addr) || is_v4(&addr) != v4)
        return TORI_PROXY_BAD;
    (void)word(&line); /* our own address */
    if (!read_number(word(&line), 65535, &port) || !read_number(word(&line), 65535, &ignored) ||
        line.len > 0)
        return TORI_PROXY_BAD;
    addr.port = (uint16_t)port;
    *client = addr;
    return TORI_PROXY_DONE;
}

static enum tori_proxy_state read_v2(struct tori_bytes got, size_t *used, struct tori_addr *client)
{
    if (got.len < 16)
        return TORI_PROXY_MORE;
    size_t len = (size_t)(got.at[14] << 8 | got.at[15]);
    uint8_t command = got.at[12];
    if ((command != 0x20 && command != 0x21) || 16 + len > TORI_PROXY_CAP)
        return TORI_PROXY_BAD;
    if (got.len < 16 + len)
        return TORI_PROXY_MORE;
    *used = 16 + len;
    if (command == 0x20) /* LOCAL: the proxy speaks for itself */
        return TORI_PROXY_DONE;

    struct tori_addr addr = {.port = 0};
    const uint8_t *at = got.at + 16;
    if (got.at[13] == 0x11 && len >= 12) {
        set_v4(&addr, at);
        addr.port = (uint16_t)(at[8] << 8 | at[9]);
    } else if (got.at[13] == 0x21 && len >= 36) {
        memcpy(addr.at, at, 16);
        addr.port = (uint16_t)(at[32] << 8 | at[33]);
    } else {
        return TORI_PROXY_BAD;
    }
    *client = addr;
    return TORI_PROXY_DONE;
}

enum tori_proxy_state tori_proxy_read(struct tori_bytes got, size_t *used, struct tori_addr *client)
{
    static const uint8_t signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                          0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
    size_t shown = got.len < 12 ? got.len : 12;

    if (got.len == 0)
        return TORI_PROXY_MORE;
    if (!tori_bytes_eq((struct tori_bytes){got.at, shown}, (struct tori_bytes){signature, shown}))
        return read_v1(got, used, client);
    return read_v2(got, used, client);
}
