/* Authenticator data: flags and contents agree, and nothing points outside the input. */
#include "test/fuzz/fuzz.h"

#include "domain/webauthn/webauthn_int.h"

static bool inside(struct tori_bytes part, struct tori_bytes whole)
{
    return part.at >= whole.at && part.at + part.len <= whole.at + whole.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tori_rp rp = {.id = TORI_STR_INIT("auth.mihon.example")};
    struct tori_ctx *cx = fuzz_begin();
    struct tori_bytes raw = {data, size};
    struct tori_authenticator_data read;

    if (TORI_FAILED(tori_authenticator_data_read(cx, raw, &read)))
        return 0;
    bool attested = (read.flags & TORI_FLAG_AT) != 0;
    assert(size >= 37 && (read.flags & TORI_FLAGS_RESERVED) == 0);
    assert(size == 37 || (read.flags & (TORI_FLAG_AT | TORI_FLAG_ED)) != 0);
    assert(attested == (read.public_key.at != NULL));
    assert(!attested || (inside(read.public_key, raw) && inside(read.credential_id, raw)));
    if (!TORI_FAILED(tori_authenticator_data_check(cx, &rp, &read)))
        assert((read.flags & TORI_FLAG_UP) != 0 && (read.flags & TORI_FLAG_UV) != 0);
    return 0;
}
