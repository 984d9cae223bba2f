/* A key that imports verifies nothing that it did not sign. */
#include "test/fuzz/fuzz.h"

#include "codec/cose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    struct tori_bytes bytes = {data, size};
    struct tori_verify_key *key;
    size_t used;
    int64_t alg;

    if (TORI_FAILED(tori_verify_key_new(cx, bytes, &key)))
        return 0;
    assert(!TORI_FAILED(tori_cose_peek(cx, bytes, &used, &alg)));
    assert(used == size && alg == tori_verify_key_alg(key) && tori_cose_name(alg) != NULL);
    assert(TORI_FAILED(tori_verify(cx, key, bytes, (struct tori_bytes){data, size / 2})));
    tori_verify_key_free(key);
    return 0;
}
