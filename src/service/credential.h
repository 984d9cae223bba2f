/* Credentials: the enrolment window and its code, registration, adding and removing. */
#ifndef TORI_SERVICE_CREDENTIAL_H
#define TORI_SERVICE_CREDENTIAL_H

#include "service/operation.h"
#include "service/visit.h"

enum { TORI_ENROL_TRIES = 5, TORI_ENROL_CODE_DIGITS = 10 };

/* A single-use code of 50 bits in letters and digits that cannot be mistaken (Crockford's base 32),
 * in two groups. What is kept is an HMAC under the customer's data key. */
TORI_RESULT tori_enrol_code_new(struct tori_ctx *cx, const struct tori_aggregate *agg,
                                struct tori_str *text, struct tori_hash *hash);

/* Opens the window of a user whose identity was proofed; older windows close. */
TORI_RESULT tori_enrol_open(struct tori_ctx *cx, struct tori_aggregate *agg,
                            const struct tori_enrol_window *window);

/* POST /v1/i/{id}/code */
struct tori_enrol_code {
    struct tori_str code;
    struct tori_id visit; /* noted by prepare */
};
struct tori_result tori_enrol_code_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_enrol_code_decide(struct tori_ctx *cx, const void *in,
                                          struct tori_reply *out);

/* POST /v1/i/{id}/credential */
struct tori_enrol {
    struct tori_registration registration;
    /* noted by prepare */
    struct tori_id visit;
    struct tori_bytes challenge;
    struct tori_attested attested;
    tori_err err;
    struct tori_failure failure;
};
struct tori_result tori_enrol_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_enrol_decide(struct tori_ctx *cx, const void *in, struct tori_reply *out);

/* A credential_remove operation was proved. */
TORI_RESULT tori_credential_remove_proved(struct tori_ctx *cx, struct tori_aggregate *agg,
                                          const struct tori_operation *operation);
/* Takes a credential out of use: `by` is a word of the notice (self, not_me, desk). */
TORI_RESULT tori_credential_withdraw(struct tori_ctx *cx, struct tori_aggregate *agg,
                                     const struct tori_credential *credential,
                                     enum tori_credential_state state, const char *by);

#endif
