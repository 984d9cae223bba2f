/* The structures of a TPM; the first byte chooses the reader. What was read lies inside the
 * input. */
#include "test/fuzz/fuzz.h"

#include "domain/webauthn/attest/tpm.h"
#include "domain/webauthn/attest/tpm_certificate.h"

static void check_inside(struct tori_bytes whole, struct tori_bytes part)
{
    assert(part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len));
}

static void read_public(struct tori_ctx *cx, struct tori_bytes bytes)
{
    struct tori_tpm_public key;

    if (TORI_FAILED(tori_tpm_public_read(cx, bytes, &key)))
        return;
    assert(key.type == TORI_TPM_RSA || key.type == TORI_TPM_ECC);
    check_inside(bytes, key.part[0]);
    check_inside(bytes, key.part[1]);
    /* nothing may follow, and nothing be missing */
    assert(
        TORI_FAILED(tori_tpm_public_read(cx, (struct tori_bytes){bytes.at, bytes.len - 1}, &key)));
}

static void read_attest(struct tori_ctx *cx, struct tori_bytes bytes)
{
    struct tori_tpm_attest attest;

    if (TORI_FAILED(tori_tpm_attest_read(cx, bytes, &attest)))
        return;
    assert(attest.magic == 0xff544347 && attest.type == 0x8017);
    check_inside(bytes, attest.extra_data);
    check_inside(bytes, attest.name);
    assert(TORI_FAILED(
        tori_tpm_attest_read(cx, (struct tori_bytes){bytes.at, bytes.len - 1}, &attest)));
}

static void read_identity(struct tori_ctx *cx, struct tori_bytes bytes)
{
    struct tori_tpm_identity identity;

    if (TORI_FAILED(tori_tpm_identity_read(cx, bytes, &identity)))
        return;
    for (int i = 0; i < TORI_TPM_ATTRIBUTES; i++)
        check_inside(bytes, tori_str_bytes(identity.attribute[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();

    if (size == 0)
        return 0;
    const struct tori_bytes rest = {data + 1, size - 1};
    if (data[0] == '0')
        read_public(cx, rest);
    else if (data[0] == '1')
        read_attest(cx, rest);
    else
        read_identity(cx, rest);
    return 0;
}
