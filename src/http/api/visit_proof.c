/* POST /v1/i/{id}/proof: an assertion for the open challenge of this visit.
 * The checks are those of WebAuthn L3 §7.2 and live in the service; this file names the wire. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/proof.h"

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
                                  TORI_ERR_PROOF_BACKUP_CHANGED,
                                  TORI_ERR_PROOF_SIGNATURE,
                                  TORI_ERR_PROOF_USER,
                                  TORI_ERR_PROOF_SIGN_COUNT,
                                  TORI_ERR_CREDENTIAL_UNKNOWN,
                                  TORI_ERR_CREDENTIAL_INACTIVE,
                                  TORI_ERR_LOCKED,
                                  TORI_ERR_NO_SESSION,
                                  TORI_ERR_NOT_PERMITTED,
                                  TORI_ERR_OPERATION_EXPIRED,
                                  TORI_ERR_APPROVAL_STATE,
                                  TORI_ERR_APPROVAL_SAME_PERSON,
                                  TORI_ERR_KEYHOLDER_AWAY,
                                  TORI_ERR_NONE};

/* A registration that was agreed to goes on where it is. */
static const char *const steps[] = {"create", NULL};
static const struct tori_field answer[] = {
    TORI_MAY_SAY(TEXT, "next"),
    TORI_MAY_SAY_WORD("then", steps),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_visit_proof = {
    .listener = TORI_LISTENER_CUSTOMER,
    .also = 1u << TORI_LISTENER_OPERATOR,
    .method = TORI_POST,
    .path = "/v1/i/{id}/proof",
    .summary = "Prove by a passkey",
    .group = "visits",
    .auth = TORI_AUTH_VISIT,
    .rate = TORI_RATE_CEREMONY,
    .fields = tori_assertion_fields, /* the input begins with it */
    .input_size = sizeof(struct tori_visit_proof),
    .answer = answer,
    .errors = errors,
    .prepare = tori_proof_prepare,
    .decide = tori_proof_decide,
};
