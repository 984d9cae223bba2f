/* The key description of Android's keystore. */
#include "test/fuzz/fuzz.h"

#include "domain/webauthn/attest/android_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    struct tori_bytes bytes = {data, size};
    struct tori_android_key key;

    if (TORI_FAILED(tori_android_key_read(cx, bytes, &key)))
        return 0;
    assert(key.challenge.at >= data && key.challenge.at + key.challenge.len <= data + size);
    assert(!key.hardware.signs_only || key.hardware.has_purpose);
    assert(!key.software.signs_only || key.software.has_purpose);
    /* DER has one form: nothing may follow, and nothing be missing */
    assert(TORI_FAILED(tori_android_key_read(cx, (struct tori_bytes){data, size - 1}, &key)));
    return 0;
}
