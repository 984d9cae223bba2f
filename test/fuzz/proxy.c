/* What a proxy says of its client, and the addresses of settings: byte by byte the same verdict as
 * in one piece, nothing taken that is not there, and an address prints as what reads back. */
#include "test/fuzz/fuzz.h"

#include <stdlib.h>

#include "http/addr.h"

static void check_address(const struct tori_addr *addr)
{
    char text[TORI_ADDR_TEXT];
    struct tori_addr again;

    size_t len = tori_addr_print(addr, text);
    assert(len > 0 && len < sizeof(text));
    bool read = tori_addr_parse((struct tori_str){text, len}, &again);
    assert(read && tori_addr_eq(addr, &again));
    struct tori_addr house = tori_addr_household(addr);
    struct tori_addr twice = tori_addr_household(&house);
    assert(tori_addr_eq(&house, &twice));
    assert(!tori_addr_is_loopback(addr) || addr->at[15] == 1 || addr->at[12] == 127);
}

static void check_net(struct tori_str text)
{
    struct tori_net net;

    if (!tori_net_parse(text, &net))
        return;
    assert(net.bits <= 128 && tori_net_holds(&net, &net.base));
    check_address(&net.base);
}

static void check_header(struct tori_bytes in)
{
    struct tori_addr whole = {.port = 7}, client = {.port = 7};
    size_t used = 0, before = 0;
    enum tori_proxy_state all = tori_proxy_read(in, &used, &whole);

    assert(all != TORI_PROXY_DONE || (used > 0 && used <= in.len && used <= TORI_PROXY_CAP));
    for (size_t n = 0; n <= in.len && n <= TORI_PROXY_CAP; n++) {
        uint8_t *exact = malloc(n == 0 ? 1 : n); /* the first byte too many is seen */
        assert(exact != NULL);
        memcpy(exact, in.at, n);
        enum tori_proxy_state state =
            tori_proxy_read((struct tori_bytes){exact, n}, &before, &client);
        free(exact);
        if (state == TORI_PROXY_MORE)
            continue;
        assert(state == all && (state == TORI_PROXY_BAD || n == used));
        assert(state == TORI_PROXY_BAD ||
               (before == used && client.port == whole.port && tori_addr_eq(&client, &whole)));
        break;
    }
    if (all == TORI_PROXY_DONE)
        check_address(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    check_header((struct tori_bytes){data, size});
    check_net((struct tori_str){(const char *)data, size});
    return 0;
}
