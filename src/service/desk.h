/* What operators ask for: proofing records, locks, unlocking, policy. Whatever needs two people
 * becomes an approval here and is carried out there (action.c). */
#ifndef TORI_SERVICE_DESK_H
#define TORI_SERVICE_DESK_H

#include "service/approval.h"

extern const char *const tori_proofing_kinds[]; /* document, in_person, video */

/* POST /v1/desk/proofings, /v1/desk/unlocks */
struct tori_desk_proofing {
    struct tori_str customer;
    struct tori_str user;
    int kind; /* index of tori_proofing_kinds */
    struct tori_str checked;
    struct tori_session_claim claim;
    tori_err unknown; /* set by prepare: nobody has this reference */
};
struct tori_result tori_desk_proofing_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_desk_proofing_decide(struct tori_ctx *cx, const void *in,
                                             struct tori_reply *out);
struct tori_result tori_desk_unlock_decide(struct tori_ctx *cx, const void *in,
                                           struct tori_reply *out);

/* POST /v1/desk/locks: "not me" by phone; at once, by one person. */
struct tori_desk_lock {
    struct tori_str customer;
    struct tori_str user;
    struct tori_id credential;
    struct tori_session_claim claim;
    tori_err unknown;
};
struct tori_result tori_desk_lock_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_desk_lock_decide(struct tori_ctx *cx, const void *in,
                                         struct tori_reply *out);

/* POST /v1/approvals/policy */
struct tori_desk_policy {
    struct tori_str name;
    int64_t value;
    struct tori_str note;
    struct tori_session_claim claim;
};
struct tori_result tori_desk_policy_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_desk_policy_decide(struct tori_ctx *cx, const void *in,
                                           struct tori_reply *out);

/* POST /v1/desk/find and GET /desk, /desk/{customer} */
struct tori_desk_find {
    struct tori_str ref;
    struct tori_id customer;
    struct tori_session_claim claim;
    tori_err unknown;
};
struct tori_result tori_desk_find_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_desk_find_decide(struct tori_ctx *cx, const void *in,
                                         struct tori_reply *out);
struct tori_result tori_desk_page_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_desk_page(struct tori_ctx *cx, const void *in, struct tori_reply *out);

#endif
