/* Client data: what is read passes for no ceremony whose challenge is another; and where challenge
 * and type fit, for none of a page that is not ours. */
#include "test/fuzz/fuzz.h"

#include "domain/webauthn/webauthn_int.h"

static const struct tori_str origins[] = {TORI_STR_INIT("https://auth.mihon.example")};
static const struct tori_str tops[] = {TORI_STR_INIT("https://mihon.example")};

static void check_page(struct tori_ctx *cx, const struct tori_client_data *client)
{
    const struct tori_rp alone = {.origin = origins, .origin_count = 1};
    const struct tori_rp framed = {.origin = origins,
                                   .origin_count = 1,
                                   .cross_origin = true,
                                   .top_origin = tops,
                                   .top_origin_count = 1};
    const struct tori_expected in_alone = {&alone, client->challenge};
    const struct tori_expected in_framed = {&framed, client->challenge};
    bool ours = tori_str_eq(client->origin, origins[0]);

    struct tori_result result = tori_client_data_check(cx, &in_alone, client, client->type);
    assert(TORI_FAILED(result) || (ours && !client->cross_origin && !client->has_top_origin));
    result = tori_client_data_check(cx, &in_framed, client, client->type);
    assert(TORI_FAILED(result) || ours);
    assert(TORI_FAILED(result) || !client->has_top_origin ||
           (client->cross_origin && tori_str_eq(client->top_origin, tops[0])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tori_rp rp = {.origin = origins, .origin_count = 1};
    static const uint8_t challenge[32] = {0x5a, 0x17};
    const struct tori_expected expected = {&rp, TORI_BYTES_OF(challenge)};
    struct tori_ctx *cx = fuzz_begin();
    struct tori_client_data client;
    struct tori_bytes again;

    if (TORI_FAILED(tori_client_data_read(cx, (struct tori_bytes){data, size}, &client)))
        return 0;
    assert(client.type.at != NULL && client.origin.at != NULL && client.challenge.at != NULL);
    assert(client.has_top_origin || client.top_origin.len == 0);
    struct tori_result result =
        tori_client_data_check(cx, &expected, &client, TORI_STR("webauthn.get"));
    assert(TORI_FAILED(result) || tori_bytes_eq(client.challenge, expected.challenge));
    check_page(cx, &client);
    result = tori_webauthn_challenge_of(cx, (struct tori_bytes){data, size}, &again);
    assert(!TORI_FAILED(result) && tori_bytes_eq(again, client.challenge));
    return 0;
}
