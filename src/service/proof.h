/* An assertion in a visit: somebody logs in, confirms an operation, or signs an approval. prepare
 * verifies everything the bytes can show; decide holds it against the open challenge and the
 * records. A wrong answer uses the challenge up as a right one does (AUTH-27). */
#ifndef TORI_SERVICE_PROOF_H
#define TORI_SERVICE_PROOF_H

#include "service/facts.h"
#include "service/visit.h"

/* POST /v1/i/{id}/proof */
struct tori_visit_proof {
    struct tori_assertion assertion;
    /* noted by prepare */
    struct tori_id visit;
    struct tori_session_claim claim;
    struct tori_bytes challenge;
    struct tori_credential_fact credential;
    struct tori_proved proved;
    tori_err err; /* why it is refused already; decide uses the challenge up and says so */
    struct tori_failure failure;
};
struct tori_result tori_proof_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_proof_decide(struct tori_ctx *cx, const void *in, struct tori_reply *out);

/* Evidence of a ceremony: the bytes that were signed. */
TORI_RESULT tori_proof_record(struct tori_ctx *cx, struct tori_record *record,
                              const struct tori_visit_proof *proof);

#endif
