/* A whole registration with rules that let every format in: whatever the statement is, nothing that
 * reached no anchor counts for more than self attestation. The challenge and the page are right, so
 * the input alone decides; there are no anchors. */
#include "test/fuzz/fuzz.h"

#include "test/fuzz/registration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tori_str origin[] = {TORI_STR_INIT("https://auth.mihon.example")};
    static const struct tori_attestation_rules rules = {
        .untrusted = true,
        .compound_any = true,
        .compound_repeats = true,
        .android_software = true,
        .android_unlisted = true,
        .u2f_any_aaguid = true,
        .safetynet = true,
        .safetynet_no_cts = true,
        .safetynet_any_age = true,
    };
    static const int64_t algs[] = {TORI_COSE_ES256, TORI_COSE_EDDSA, TORI_COSE_RS256,
                                   TORI_COSE_RS1};
    static const struct tori_rp rp = {.id = TORI_STR_INIT("auth.mihon.example"),
                                      .origin = origin,
                                      .origin_count = 1,
                                      .alg = algs,
                                      .alg_count = 4,
                                      .uv_optional = true,
                                      .attestation = &rules};
    static const uint8_t challenge[32] = "a challenge of 32 bytes, not 31";
    const struct tori_str client =
        TORI_STR("{\"type\":\"webauthn.create\",\"challenge\":"
                 "\"YSBjaGFsbGVuZ2Ugb2YgMzIgYnl0ZXMsIG5vdCAzMQA\",\"origin\":"
                 "\"https://auth.mihon.example\",\"crossOrigin\":false}");
    const struct tori_expected expected = {&rp, TORI_BYTES_OF(challenge)};
    struct tori_ctx *cx = fuzz_begin();
    struct tori_attested record;

    if (TORI_FAILED(fuzz_register(cx, &expected, client, (struct tori_bytes){data, size}, &record)))
        return 0;
    assert(!record.attestation.trusted && record.attestation.anchor.at == NULL);
    assert(tori_attestation_worth(&record.attestation) <= TORI_ATTESTATION_SELF);
    assert(record.attestation.protection == TORI_PROTECTION_UNKNOWN);
    return 0;
}
