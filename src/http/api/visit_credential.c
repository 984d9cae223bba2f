/* POST /v1/i/{id}/credential: keep the credential that a ceremony has made.
 * The checks are those of WebAuthn L3 §7.1 and live in the service; this file names the wire. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/credential.h"

static const tori_err errors[] = {TORI_ERR_INTERACTION_UNKNOWN,
                                  TORI_ERR_INTERACTION_OTHER_BROWSER,
                                  TORI_ERR_INTERACTION_STATE,
                                  TORI_ERR_PROOF_MALFORMED,
                                  TORI_ERR_PROOF_TYPE,
                                  TORI_ERR_PROOF_CHALLENGE,
                                  TORI_ERR_PROOF_EXPIRED,
                                  TORI_ERR_PROOF_ORIGIN,
                                  TORI_ERR_PROOF_CROSS_ORIGIN,
                                  TORI_ERR_PROOF_RP_ID,
                                  TORI_ERR_PROOF_UP,
                                  TORI_ERR_PROOF_UV,
                                  TORI_ERR_PROOF_BACKUP_FLAGS,
                                  TORI_ERR_LOCKED,
                                  TORI_ERR_NO_SESSION,
                                  TORI_ERR_OPERATION_EXPIRED,
                                  TORI_ERR_KEYHOLDER_AWAY,
                                  TORI_ERR_PROOF_ALGORITHM,
                                  TORI_ERR_PROOF_KEY,
                                  TORI_ERR_CREDENTIAL_EXISTS,
                                  TORI_ERR_CREDENTIAL_NOT_DISCOVERABLE,
                                  TORI_ERR_ATTESTATION_FORMAT,
                                  TORI_ERR_ATTESTATION_INVALID,
                                  TORI_ERR_ATTESTATION_UNTRUSTED,
                                  TORI_ERR_CERTIFICATE_INVALID,
                                  TORI_ERR_ENROL_CLOSED,
                                  TORI_ERR_NONE};

static const struct tori_field answer[] = {
    TORI_SAYS(ID, "credential"),
    TORI_SAYS(BOOL, "synced"),
    TORI_SAYS(TEXT, "next"),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_visit_credential = {
    .listener = TORI_LISTENER_CUSTOMER,
    .also = 1u << TORI_LISTENER_OPERATOR,
    .method = TORI_POST,
    .path = "/v1/i/{id}/credential",
    .summary = "Register a passkey",
    .group = "visits",
    .auth = TORI_AUTH_VISIT,
    .rate = TORI_RATE_CEREMONY,
    .fields = tori_registration_fields, /* the input begins with it */
    .input_size = sizeof(struct tori_enrol),
    .answer = answer,
    .errors = errors,
    .prepare = tori_enrol_prepare,
    .decide = tori_enrol_decide,
};
