/* Addresses of clients and of the proxies in front of us. IPv4 is kept as an IPv4-mapped IPv6
 * address, so there is one form to compare. */
#ifndef TORI_HTTP_ADDR_H
#define TORI_HTTP_ADDR_H

#include <sys/socket.h>

#include "base/ctx.h"

struct tori_addr {
    uint8_t at[16];
    uint16_t port;
    bool local; /* a Unix socket: no address at all */
};

enum { TORI_ADDR_TEXT = 48 };

/* False for a family that is neither IPv4, IPv6 nor Unix. */
bool tori_addr_from_socket(const struct sockaddr_storage *from, struct tori_addr *out);
/* "203.0.113.7", "2001:db8::1"; without port, zone or brackets. */
bool tori_addr_parse(struct tori_str text, struct tori_addr *out);
/* The text of it; its length. A Unix peer prints as "local". */
size_t tori_addr_print(const struct tori_addr *addr, char out[static TORI_ADDR_TEXT]);
bool tori_addr_is_loopback(const struct tori_addr *addr);

/* What limits are counted by: an IPv4 address, or the /64 of an IPv6 one, since a household has
 * one. */
struct tori_addr tori_addr_household(const struct tori_addr *addr);
bool tori_addr_eq(const struct tori_addr *a, const struct tori_addr *b);

/* "192.0.2.0/24", "2001:db8::/32" or one address. */
struct tori_net {
    struct tori_addr base;
    unsigned bits; /* of the mapped form: 96 + n for IPv4 */
};
bool tori_net_parse(struct tori_str text, struct tori_net *out);
bool tori_net_holds(const struct tori_net *net, const struct tori_addr *addr);

/* A PROXY protocol header, version 1 or 2 (the HAProxy specification, 2020/03/05, §2). */
enum tori_proxy_state { TORI_PROXY_MORE, TORI_PROXY_DONE, TORI_PROXY_BAD };
enum { TORI_PROXY_CAP = 536 };
/* On DONE `used` bytes belong to the header. LOCAL and UNKNOWN leave *client as it was. */
enum tori_proxy_state tori_proxy_read(struct tori_bytes got, size_t *used,
                                      struct tori_addr *client);

#endif
