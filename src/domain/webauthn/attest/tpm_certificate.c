/* The certificate of an attestation key that a TPM holds: WebAuthn L3 §8.3.1, and the TCG's EK
 * credential profile §3.2.9 for the alternative name. */
#include "domain/webauthn/attest/tpm_certificate.h"

enum { VENDOR_ID = 8, GENERAL_NAMES_MAX = 16, ATTRIBUTES_MAX = 16 };
enum { DIRECTORY_NAME = TORI_DER_CONTEXT | 4 };

static const uint8_t alternative_name_id[] = {0x55, 0x1d, 0x11};
static const uint8_t key_usage_id[] = {0x55, 0x1d, 0x25};
/* 2.23.133.8.3, tcg-kp-AIKCertificate */
static const uint8_t aik_id[] = {0x67, 0x81, 5, 8, 3};
/* 2.23.133.2.1 … 3: manufacturer, model, version */
static const uint8_t tpm_attribute_id[] = {0x67, 0x81, 5, 2};

/* The TCG's registry of vendor ids. */
static const struct tori_str vendors[] = {
    TORI_STR_INIT("414D4400"), /* AMD */
    TORI_STR_INIT("414E5400"), /* Ant Group */
    TORI_STR_INIT("41544D4C"), /* Atmel */
    TORI_STR_INIT("4252434D"), /* Broadcom */
    TORI_STR_INIT("4353434F"), /* Cisco */
    TORI_STR_INIT("464C5953"), /* FlySlice */
    TORI_STR_INIT("474F4F47"), /* Google */
    TORI_STR_INIT("48504500"), /* HPE */
    TORI_STR_INIT("48504900"), /* HPI */
    TORI_STR_INIT("48495349"), /* Huawei */
    TORI_STR_INIT("49424D00"), /* IBM */
    TORI_STR_INIT("49465800"), /* Infineon */
    TORI_STR_INIT("494E5443"), /* Intel */
    TORI_STR_INIT("4C454E00"), /* Lenovo */
    TORI_STR_INIT("4D534654"), /* Microsoft */
    TORI_STR_INIT("4E534D20"), /* National Semiconductor */
    TORI_STR_INIT("4E544300"), /* Nuvoton */
    TORI_STR_INIT("4E545A00"), /* Nationz */
    TORI_STR_INIT("4E534700"), /* NSING */
    TORI_STR_INIT("51434F4D"), /* Qualcomm */
    TORI_STR_INIT("524F4343"), /* Fuzhou Rockchip */
    TORI_STR_INIT("534D534E"), /* Samsung */
    TORI_STR_INIT("534D5343"), /* SMSC */
    TORI_STR_INIT("534E5300"), /* Sinosun */
    TORI_STR_INIT("53454345"), /* SecEdge */
    TORI_STR_INIT("53544D20"), /* ST Microelectronics */
    TORI_STR_INIT("54584E00"), /* Texas Instruments */
    TORI_STR_INIT("57454300"), /* Winbond */
};

static struct tori_result malformed(struct tori_ctx *cx, const char *why)
{
    return TORI_FAIL(cx, PROOF_MALFORMED, tori_word("alternative_name", why));
}

/* AttributeTypeAndValue: its type, and its value of whatever string type. */
static struct tori_result read_attribute(struct tori_ctx *cx, struct tori_bytes *rest,
                                         struct tori_tpm_identity *out)
{
    struct tori_bytes pair = {0}, type = {0};
    struct tori_der value;

    TORI_TRY(tori_der_take(cx, rest, TORI_DER_SEQUENCE, &pair));
    TORI_TRY(tori_der_take(cx, &pair, TORI_DER_OID, &type));
    TORI_TRY(tori_der_next(cx, &pair, &value));
    if (pair.len != 0)
        return malformed(cx, "attribute");
    size_t prefix = sizeof(tpm_attribute_id);
    if (type.len != prefix + 1 ||
        !tori_bytes_eq((struct tori_bytes){type.at, prefix}, TORI_BYTES_OF(tpm_attribute_id)))
        return TORI_OK;
    unsigned which = type.at[prefix] - 1u;
    if (which >= TORI_TPM_ATTRIBUTES)
        return TORI_OK;
    if (out->attribute[which].at != NULL)
        return malformed(cx, "an attribute twice");
    out->attribute[which] = tori_bytes_str(value.content);
    return TORI_OK;
}

/* RDNSequence; some vendors put all three in one RDN. */
static struct tori_result read_name(struct tori_ctx *cx, struct tori_bytes name,
                                    struct tori_tpm_identity *out)
{
    struct tori_bytes rdn = {0};
    int attributes = 0;

    while (name.len > 0) {
        TORI_TRY(tori_der_take(cx, &name, TORI_DER_SET, &rdn));
        while (rdn.len > 0) {
            if (attributes++ == ATTRIBUTES_MAX)
                return malformed(cx, "too many attributes");
            TORI_TRY(read_attribute(cx, &rdn, out));
        }
    }
    return TORI_OK;
}

struct tori_result tori_tpm_identity_read(struct tori_ctx *cx, struct tori_bytes value,
                                          struct tori_tpm_identity *out)
{
    struct tori_tpm_identity identity = {0};
    struct tori_bytes names = {0}, name = {0};
    struct tori_der each;

    TORI_TRY(tori_der_whole(cx, value, TORI_DER_SEQUENCE, &names));
    for (int i = 0; names.len > 0; i++) {
        TORI_TRY(tori_der_next(cx, &names, &each));
        if (i == GENERAL_NAMES_MAX)
            return malformed(cx, "too many names");
        if (each.class != TORI_DER_CONTEXT || each.tag != (DIRECTORY_NAME & 0x1f))
            continue;
        TORI_TRY(tori_der_whole(cx, each.content, TORI_DER_SEQUENCE, &name));
        TORI_TRY(read_name(cx, name, &identity));
    }
    *out = identity;
    return TORI_OK;
}

static bool is_among(struct tori_str id, const struct tori_str *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (tori_str_eq(id, list[i]))
            return true;
    }
    return false;
}

static struct tori_result check_identity(struct tori_ctx *cx, const struct tori_attest_input *input)
{
    struct tori_cert_extension extension;
    struct tori_tpm_identity identity = {0};
    const struct tori_str *manufacturer = &identity.attribute[TORI_TPM_MANUFACTURER];

    TORI_TRY(tori_certificate_extension(cx, input->x5c.at[0], TORI_BYTES_OF(alternative_name_id),
                                        &extension));
    if (extension.value.at == NULL)
        return tori_attest_invalid(cx, input, "no alternative name");
    TORI_TRY(tori_attest_check(cx, input, tori_tpm_identity_read(cx, extension.value, &identity),
                               "alternative name"));
    for (int i = 0; i < TORI_TPM_ATTRIBUTES; i++) {
        if (identity.attribute[i].len == 0)
            return tori_attest_invalid(cx, input, "an attribute of the TPM is missing");
    }
    struct tori_str id = {manufacturer->at + 3, VENDOR_ID};
    if (manufacturer->len != 3 + VENDOR_ID || !tori_str_starts(*manufacturer, TORI_STR("id:")) ||
        (!is_among(id, vendors, sizeof(vendors) / sizeof(vendors[0])) &&
         !is_among(id, input->rules->tpm_vendor, input->rules->tpm_vendor_count)))
        return tori_attest_invalid(cx, input, "manufacturer of the TPM");
    return TORI_OK;
}

static struct tori_result read_key_usage(struct tori_ctx *cx, struct tori_bytes value, bool *found)
{
    struct tori_bytes usages = {0}, id = {0};

    TORI_TRY(tori_der_whole(cx, value, TORI_DER_SEQUENCE, &usages));
    while (usages.len > 0) {
        TORI_TRY(tori_der_take(cx, &usages, TORI_DER_OID, &id));
        *found = *found || tori_bytes_eq(id, TORI_BYTES_OF(aik_id));
    }
    return TORI_OK;
}

static struct tori_result check_key_usage(struct tori_ctx *cx,
                                          const struct tori_attest_input *input)
{
    struct tori_cert_extension extension;
    bool found = false;

    TORI_TRY(
        tori_certificate_extension(cx, input->x5c.at[0], TORI_BYTES_OF(key_usage_id), &extension));
    if (extension.value.at == NULL)
        return tori_attest_invalid(cx, input, "no extended key usage");
    TORI_TRY(tori_attest_check(cx, input, read_key_usage(cx, extension.value, &found),
                               "extended key usage"));
    return found ? TORI_OK : tori_attest_invalid(cx, input, "extended key usage");
}

struct tori_result tori_tpm_check_certificate(struct tori_ctx *cx,
                                              const struct tori_attest_input *input)
{
    const struct tori_certificate *aik = input->x5c.at[0];

    if (tori_certificate_version(aik) != 3)
        return tori_attest_invalid(cx, input, "version of the certificate");
    if (!tori_certificate_subject_is_empty(aik))
        return tori_attest_invalid(cx, input, "subject of the certificate");
    if (tori_certificate_is_ca(aik))
        return tori_attest_invalid(cx, input, "the certificate is a CA");
    TORI_TRY(check_identity(cx, input));
    return check_key_usage(cx, input);
}
