/* The certificate of a TPM's attestation key (WebAuthn L3 §8.3.1). */
#ifndef TORI_DOMAIN_WEBAUTHN_ATTEST_TPM_CERTIFICATE_H
#define TORI_DOMAIN_WEBAUTHN_ATTEST_TPM_CERTIFICATE_H

#include "domain/webauthn/attest/attest.h"

enum { TORI_TPM_MANUFACTURER, TORI_TPM_MODEL, TORI_TPM_VERSION, TORI_TPM_ATTRIBUTES };

/* What the alternative name says of the TPM; at == NULL: nothing. Not checked to be UTF-8. */
struct tori_tpm_identity {
    struct tori_str attribute[TORI_TPM_ATTRIBUTES];
};
/* The value of subjectAltName. PROOF_MALFORMED. */
TORI_RESULT tori_tpm_identity_read(struct tori_ctx *cx, struct tori_bytes value,
                                   struct tori_tpm_identity *out);

/* All that is demanded of the first of x5c. ATTESTATION_INVALID, CERTIFICATE_INVALID. */
TORI_RESULT tori_tpm_check_certificate(struct tori_ctx *cx, const struct tori_attest_input *input);

#endif
