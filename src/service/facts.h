/* Facts that never change once made, kept where any thread may read them: the public key of a
 * credential, and to which customer a handle belongs. Bounded; what is not here is read from the
 * store. */
#ifndef TORI_SERVICE_FACTS_H
#define TORI_SERVICE_FACTS_H

#include "codec/cose.h"
#include "service/command.h"

struct tori_facts;

struct tori_facts *tori_facts_new(size_t max_keys, size_t max_routes);
void tori_facts_free(struct tori_facts *facts);

/* A credential as prepare needs it. Whether it is still active is for decide to see. */
struct tori_credential_fact {
    struct tori_id customer_id;
    struct tori_id user_id;
    struct tori_id id;           /* of the row */
    struct tori_verify_key *key; /* shared: to be given back by tori_verify_key_free */
};
/* In prepare only. CREDENTIAL_UNKNOWN. */
TORI_RESULT tori_facts_credential(struct tori_ctx *cx, struct tori_bytes credential_id,
                                  struct tori_credential_fact *out);

/* Routes of handles: session, interaction, operation, approval → customer. `note` may be called
 * from any thread; `route` in prepare only, asks the store when memory does not know. NOT_FOUND. */
void tori_facts_note_route(const struct tori_ctx *cx, const struct tori_id *handle,
                           const struct tori_id *customer);
TORI_RESULT tori_facts_route(struct tori_ctx *cx, const struct tori_id *handle,
                             struct tori_id *customer);

/* From the firm's own reference to the customer; prepare only. CUSTOMER_UNKNOWN. */
TORI_RESULT tori_facts_customer(struct tori_ctx *cx, struct tori_str ref, struct tori_id *customer);

#endif
