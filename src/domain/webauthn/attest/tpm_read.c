#include "domain/webauthn/attest/tpm.h"

/* TPM_GENERATED_VALUE and TPM_ST_ATTEST_CERTIFY */
static const uint32_t generated = 0xff544347, certify = 0x8017;

enum { CLOCK_INFO = 17, FIRMWARE_VERSION = 8 };

static struct tori_result malformed(struct tori_ctx *cx, const char *why)
{
    return TORI_FAIL(cx, PROOF_MALFORMED, tori_word("tpm", why));
}

static struct tori_result cut(struct tori_ctx *cx, struct tori_bytes *rest, size_t n,
                              struct tori_bytes *out)
{
    if (n > rest->len)
        return malformed(cx, "cut off");
    *out = (struct tori_bytes){rest->at, n};
    *rest = (struct tori_bytes){rest->at + n, rest->len - n};
    return TORI_OK;
}

static struct tori_result number(struct tori_ctx *cx, struct tori_bytes *rest, size_t bytes,
                                 uint32_t *out)
{
    struct tori_bytes at = {0};
    uint32_t value = 0;

    TORI_TRY(cut(cx, rest, bytes, &at));
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | at.at[i];
    *out = value;
    return TORI_OK;
}

/* TPM2B_…: two bytes of length, then the content */
static struct tori_result sized(struct tori_ctx *cx, struct tori_bytes *rest,
                                struct tori_bytes *out)
{
    uint32_t len = 0;

    TORI_TRY(number(cx, rest, 2, &len));
    return cut(cx, rest, len, out);
}

/* A scheme: nothing behind TPM_ALG_NULL, a hash behind those of signatures. */
static struct tori_result scheme(struct tori_ctx *cx, struct tori_bytes *rest)
{
    uint32_t alg = 0, hash = 0;

    TORI_TRY(number(cx, rest, 2, &alg));
    if (alg == TORI_TPM_NULL)
        return TORI_OK;
    return number(cx, rest, 2, &hash);
}

/* TPMS_RSA_PARMS, §12.2.3.5, and TPM2B_PUBLIC_KEY_RSA */
static struct tori_result read_rsa(struct tori_ctx *cx, struct tori_bytes *rest,
                                   struct tori_tpm_public *out)
{
    uint32_t bits = 0;

    TORI_TRY(scheme(cx, rest));
    TORI_TRY(number(cx, rest, 2, &bits));
    TORI_TRY(number(cx, rest, 4, &out->exponent));
    TORI_TRY(sized(cx, rest, &out->part[0]));
    return bits == out->part[0].len * 8 ? TORI_OK : malformed(cx, "size of the modulus");
}

/* TPMS_ECC_PARMS, §12.2.3.6, and TPMS_ECC_POINT */
static struct tori_result read_ecc(struct tori_ctx *cx, struct tori_bytes *rest,
                                   struct tori_tpm_public *out)
{
    TORI_TRY(scheme(cx, rest));
    TORI_TRY(number(cx, rest, 2, &out->curve));
    TORI_TRY(scheme(cx, rest)); /* how to derive keys */
    TORI_TRY(sized(cx, rest, &out->part[0]));
    return sized(cx, rest, &out->part[1]);
}

struct tori_result tori_tpm_public_read(struct tori_ctx *cx, struct tori_bytes bytes,
                                        struct tori_tpm_public *out)
{
    struct tori_tpm_public key = {0};
    struct tori_bytes rest = bytes, policy = {0};
    uint32_t symmetric = 0;

    TORI_TRY(number(cx, &rest, 2, &key.type));
    TORI_TRY(number(cx, &rest, 2, &key.name_alg));
    TORI_TRY(number(cx, &rest, 4, &key.attributes));
    TORI_TRY(sized(cx, &rest, &policy));
    if (key.type != TORI_TPM_RSA && key.type != TORI_TPM_ECC)
        return malformed(cx, "type of key");
    TORI_TRY(number(cx, &rest, 2, &symmetric));
    if (symmetric != TORI_TPM_NULL) /* anything else is a key that wraps keys */
        return malformed(cx, "symmetric");
    TORI_TRY(key.type == TORI_TPM_RSA ? read_rsa(cx, &rest, &key) : read_ecc(cx, &rest, &key));
    if (rest.len != 0)
        return malformed(cx, "trailing bytes");
    *out = key;
    return TORI_OK;
}

struct tori_result tori_tpm_attest_read(struct tori_ctx *cx, struct tori_bytes bytes,
                                        struct tori_tpm_attest *out)
{
    struct tori_tpm_attest attest = {0};
    struct tori_bytes rest = bytes, skipped = {0};

    TORI_TRY(number(cx, &rest, 4, &attest.magic));
    if (attest.magic != generated)
        return malformed(cx, "magic");
    TORI_TRY(number(cx, &rest, 2, &attest.type));
    if (attest.type != certify)
        return malformed(cx, "type of attestation");
    TORI_TRY(sized(cx, &rest, &skipped)); /* qualifiedSigner */
    TORI_TRY(sized(cx, &rest, &attest.extra_data));
    TORI_TRY(cut(cx, &rest, CLOCK_INFO + FIRMWARE_VERSION, &skipped));
    TORI_TRY(sized(cx, &rest, &attest.name));
    TORI_TRY(sized(cx, &rest, &skipped)); /* qualifiedName */
    if (rest.len != 0)
        return malformed(cx, "trailing bytes");
    *out = attest;
    return TORI_OK;
}
