/* One lock, every door (design.md §3): everything stops at once, on every channel, until new
 * proofing and an approval lift it. */
#ifndef TORI_SERVICE_LOCK_H
#define TORI_SERVICE_LOCK_H

#include "service/credential.h"

struct tori_lock_ask {
    struct tori_aggregate *agg;
    enum tori_lock_cause cause;
    struct tori_id by_user;                   /* none: the customer himself */
    struct tori_id notice_id;                 /* what was disputed */
    const struct tori_credential *credential; /* to be taken out of use; NULL: none named */
};
/* Locks, ends every session, tells every user. A second lock on top of one is quietly the same. */
TORI_RESULT tori_lock_everything(struct tori_ctx *cx, const struct tori_lock_ask *ask);
/* After proofing and approval. */
TORI_RESULT tori_lock_lift(struct tori_ctx *cx, struct tori_aggregate *agg,
                           const struct tori_id *approval);

#endif
