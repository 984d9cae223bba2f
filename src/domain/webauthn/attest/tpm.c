/* A TPM certifies a key that it holds (WebAuthn L3 §8.3). The steps of the procedure have no
 * numbers in the standard; they are counted here in its order. */
#include "domain/webauthn/attest/tpm.h"

#include <string.h>

#include "domain/webauthn/attest/tpm_certificate.h"

enum { EXPONENT_USUAL = 65537, NAME_ALG_BYTES = 2 };

struct statement {
    int64_t alg;
    struct tori_bytes sig;
    struct tori_bytes cert_info;
    struct tori_bytes pub_area;
};

/* WebAuthn L3 §8.3 verification step 1 */
static struct tori_result read_statement(struct tori_ctx *cx, const struct tori_attest_input *input,
                                         struct statement *out)
{
    const struct tori_cbor *ver = tori_cbor_get(input->statement, TORI_STR("ver"));

    TORI_TRY(tori_attest_shape(cx, input, 6, true));
    if (ver == NULL || ver->kind != TORI_CBOR_TEXT || !tori_str_eq(ver->text, TORI_STR("2.0")))
        return tori_attest_invalid(cx, input, "ver");
    TORI_TRY(tori_attest_int(cx, input, "alg", &out->alg));
    TORI_TRY(tori_attest_bytes(cx, input, "sig", &out->sig));
    TORI_TRY(tori_attest_bytes(cx, input, "certInfo", &out->cert_info));
    return tori_attest_bytes(cx, input, "pubArea", &out->pub_area);
}

static bool is_exponent(struct tori_bytes e, uint32_t exponent)
{
    uint32_t value = 0;

    for (size_t i = 0; i < e.len && e.len <= sizeof(value); i++)
        value = value << 8 | e.at[i];
    return value == (exponent == 0 ? EXPONENT_USUAL : exponent);
}

/* TPM_ECC_NIST_P256 … P521 are 3 … 5; the credential's algorithm fixes its curve. */
static bool is_curve_of(int64_t alg, uint32_t curve)
{
    switch (alg) {
    case TORI_COSE_ES256:
    case TORI_COSE_ESP256:
        return curve == 3;
    case TORI_COSE_ES384:
    case TORI_COSE_ESP384:
        return curve == 4;
    case TORI_COSE_ES512:
    case TORI_COSE_ESP512:
        return curve == 5;
    default:
        return false;
    }
}

static bool is_rsa(int64_t alg)
{
    return (alg <= TORI_COSE_RS256 && alg >= TORI_COSE_RS512) ||
           (alg <= TORI_COSE_PS256 && alg >= TORI_COSE_PS512) || alg == TORI_COSE_RS1;
}

/* WebAuthn L3 §8.3 verification step 2 */
static struct tori_result check_key(struct tori_ctx *cx, const struct tori_attest_input *input,
                                    const struct tori_tpm_public *key)
{
    int64_t alg = tori_verify_key_alg(input->key);
    struct tori_bytes part[2];
    bool same;

    TORI_TRY(tori_attest_key_parts(cx, input, part));
    if (key->type == TORI_TPM_RSA)
        same = is_rsa(alg) && tori_bytes_eq(part[0], key->part[0]) &&
               is_exponent(part[1], key->exponent);
    else
        same = is_curve_of(alg, key->curve) && tori_bytes_eq(part[0], key->part[0]) &&
               tori_bytes_eq(part[1], key->part[1]);
    return same ? TORI_OK : tori_attest_invalid(cx, input, "another key");
}

/* The COSE algorithm that hashes as this TPM_ALG_ID says; 0: none here. */
static int64_t hash_of(uint32_t name_alg)
{
    switch (name_alg) {
    case TORI_TPM_SHA1:
        return TORI_COSE_RS1;
    case TORI_TPM_SHA256:
        return TORI_COSE_RS256;
    case TORI_TPM_SHA384:
        return TORI_COSE_RS384;
    case TORI_TPM_SHA512:
        return TORI_COSE_RS512;
    default:
        return 0;
    }
}

/* WebAuthn L3 §8.3 verification step 9: TPM 2.0 part 1 §16, nameAlg and the hash of the public
 * area */
static struct tori_result check_name(struct tori_ctx *cx, const struct tori_attest_input *input,
                                     const struct tori_tpm_public *key, struct tori_bytes pub_area,
                                     struct tori_bytes name)
{
    const uint8_t alg[NAME_ALG_BYTES] = {(uint8_t)(key->name_alg >> 8), (uint8_t)key->name_alg};
    struct tori_bytes hash = {0};

    TORI_TRY(tori_attest_check(
        cx, input, tori_cose_digest(cx, hash_of(key->name_alg), pub_area, &hash), "nameAlg"));
    if (name.len != NAME_ALG_BYTES + hash.len ||
        !tori_bytes_eq((struct tori_bytes){name.at, NAME_ALG_BYTES}, TORI_BYTES_OF(alg)) ||
        !tori_bytes_eq((struct tori_bytes){name.at + NAME_ALG_BYTES, hash.len}, hash))
        return tori_attest_invalid(cx, input, "name");
    return TORI_OK;
}

static struct tori_result check_info(struct tori_ctx *cx, const struct tori_attest_input *input,
                                     const struct statement *statement,
                                     const struct tori_tpm_public *key)
{
    struct tori_tpm_attest info;
    struct tori_bytes due = {0};

    /* WebAuthn L3 §8.3 verification steps 6-7: magic and type */
    TORI_TRY(tori_attest_check(cx, input, tori_tpm_attest_read(cx, statement->cert_info, &info),
                               "certInfo"));
    /* WebAuthn L3 §8.3 verification step 8 */
    TORI_TRY(tori_attest_check(
        cx, input, tori_cose_digest(cx, statement->alg, input->signed_bytes, &due), "alg"));
    if (!tori_bytes_eq(info.extra_data, due))
        return tori_attest_invalid(cx, input, "extraData");
    return check_name(cx, input, key, statement->pub_area, info.name);
}

/* A key that could leave its TPM, or came from outside, is not protected by it. */
static enum tori_protection protection_of(const struct tori_tpm_public *key)
{
    const uint32_t due =
        TORI_TPM_FIXED_TPM | TORI_TPM_FIXED_PARENT | TORI_TPM_SENSITIVE_DATA_ORIGIN;

    return (key->attributes & due) == due ? TORI_PROTECTION_TPM : TORI_PROTECTION_UNKNOWN;
}

static struct tori_result verify(struct tori_ctx *cx, const struct tori_attest_input *input,
                                 struct tori_attestation_facts *out)
{
    struct tori_tpm_public key;
    struct statement statement;

    TORI_TRY(read_statement(cx, input, &statement));
    TORI_TRY(tori_attest_check(cx, input, tori_tpm_public_read(cx, statement.pub_area, &key),
                               "pubArea"));
    TORI_TRY(check_key(cx, input, &key));
    /* WebAuthn L3 §8.3 verification step 3 */
    TORI_TRY(tori_tpm_check_certificate(cx, input));
    /* WebAuthn L3 §8.3 verification step 4 */
    TORI_TRY(tori_attest_aaguid(cx, input));
    /* WebAuthn L3 §8.3 verification step 5 */
    const struct tori_signed signed_ = {statement.alg, statement.cert_info, statement.sig};
    TORI_TRY(tori_attest_signature(cx, input, &signed_));
    TORI_TRY(check_info(cx, input, &statement, &key));
    out->protection = protection_of(&key);
    return tori_attest_trust(cx, input, TORI_ATTESTATION_ATTCA, out);
}

const struct tori_attest_format tori_attest_tpm = {.fmt = TORI_STR_INIT("tpm"), .verify = verify};
