/* A whole registration: the object as posted, through every check behind it. The challenge and the
 * page are right, so the input alone decides. */
#include "test/fuzz/fuzz.h"

#include "test/fuzz/registration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tori_str origin[] = {TORI_STR_INIT("https://auth.mihon.example")};
    static const struct tori_rp rp = {.id = TORI_STR_INIT("auth.mihon.example"),
                                      .origin = origin,
                                      .origin_count = 1,
                                      .alg = tori_webauthn_algs,
                                      .alg_count = TORI_WEBAUTHN_ALGS};
    const struct tori_str client = TORI_STR("{\"type\":\"webauthn.create\",\"challenge\":\"AQID\","
                                            "\"origin\":\"https://auth.mihon.example\"}");
    const struct tori_expected expected = {&rp, tori_str_bytes(TORI_STR("\1\2\3"))};
    struct tori_ctx *cx = fuzz_begin();
    struct tori_attested record;

    if (TORI_FAILED(fuzz_register(cx, &expected, client, (struct tori_bytes){data, size}, &record)))
        return 0;
    assert(tori_cose_known(record.alg) && record.user_verified && record.public_key.len > 0);
    assert(record.credential_id.len > 0 && record.credential_id.len <= TORI_CREDENTIAL_ID_MAX);
    return 0;
}
