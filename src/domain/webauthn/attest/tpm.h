/* Two structures of the TPM 2.0 library specification, part 2: what a key is, and what another key
 * certifies of it. */
#ifndef TORI_DOMAIN_WEBAUTHN_ATTEST_TPM_H
#define TORI_DOMAIN_WEBAUTHN_ATTEST_TPM_H

#include "base/ctx.h"

/* TPM_ALG_ID */
enum {
    TORI_TPM_RSA = 0x0001,
    TORI_TPM_SHA1 = 0x0004,
    TORI_TPM_SHA256 = 0x000b,
    TORI_TPM_SHA384 = 0x000c,
    TORI_TPM_SHA512 = 0x000d,
    TORI_TPM_NULL = 0x0010,
    TORI_TPM_ECC = 0x0023,
};

/* TPMA_OBJECT */
enum {
    TORI_TPM_FIXED_TPM = 1 << 1,
    TORI_TPM_FIXED_PARENT = 1 << 4,
    TORI_TPM_SENSITIVE_DATA_ORIGIN = 1 << 5,
};

/* TPMT_PUBLIC, §12.2.4 */
struct tori_tpm_public {
    uint32_t type; /* RSA or ECC */
    uint32_t name_alg;
    uint32_t attributes;
    uint32_t curve;            /* ECC: TPM_ECC_CURVE */
    uint32_t exponent;         /* RSA; 0 stands for 65537 */
    struct tori_bytes part[2]; /* x and y; n and nothing */
};
/* All of `bytes`. PROOF_MALFORMED. */
TORI_RESULT tori_tpm_public_read(struct tori_ctx *cx, struct tori_bytes bytes,
                                 struct tori_tpm_public *out);

/* TPMS_ATTEST with TPMS_CERTIFY_INFO, §10.12.8 and §10.12.3 */
struct tori_tpm_attest {
    uint32_t magic;
    uint32_t type;
    struct tori_bytes extra_data;
    struct tori_bytes name; /* of the key: nameAlg, then a hash */
};
/* All of `bytes`. PROOF_MALFORMED; also when magic or type say that it is something else, whose
 * shape is not this. */
TORI_RESULT tori_tpm_attest_read(struct tori_ctx *cx, struct tori_bytes bytes,
                                 struct tori_tpm_attest *out);

#endif
