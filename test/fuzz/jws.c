/* A JWS in compact form: what was read is what was signed, and no algorithm is none. */
#include "test/fuzz/fuzz.h"

#include "codec/jws.h"
#include "codec/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    struct tori_bytes certificate[TORI_CHAIN_MAX];
    struct tori_jws jws;
    size_t count;

    if (TORI_FAILED(tori_jws_read(cx, tori_bytes_str((struct tori_bytes){data, size}), &jws)))
        return 0;
    assert(tori_cose_known(jws.alg));
    assert(jws.signed_bytes.at == data && jws.signed_bytes.len < size);
    assert(data[jws.signed_bytes.len] == '.');
    assert(tori_json_get(&jws.header, TORI_STR("crit")) == NULL);
    if (!TORI_FAILED(tori_jws_x5c(cx, &jws, certificate, &count)))
        assert(count > 0 && count <= TORI_CHAIN_MAX);
    return 0;
}
