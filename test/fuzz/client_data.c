/* Client data: what is read passes for no ceremony of ours, because its challenge is another. */
#include "test/fuzz/fuzz.h"

#include "domain/webauthn/webauthn_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tori_str origin[] = {TORI_STR_INIT("https://auth.mihon.example")};
    static const struct tori_rp rp = {.origin = origin, .origin_count = 1};
    static const uint8_t challenge[32] = {0x5a, 0x17};
    const struct tori_expected expected = {&rp, TORI_BYTES_OF(challenge)};
    struct tori_ctx *cx = fuzz_begin();
    struct tori_client_data client;

    if (TORI_FAILED(tori_client_data_read(cx, (struct tori_bytes){data, size}, &client)))
        return 0;
    assert(client.type.at != NULL && client.origin.at != NULL && client.challenge.at != NULL);
    assert(client.has_top_origin || client.top_origin.len == 0);
    struct tori_result result =
        tori_client_data_check(cx, &expected, &client, TORI_STR("webauthn.get"));
    assert(TORI_FAILED(result) || tori_bytes_eq(client.challenge, expected.challenge));
    return 0;
}
