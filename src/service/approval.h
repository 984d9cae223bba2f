/* The second person's signature under one exact action (design.md §3 rule 8). Every action that
 * needs two people is a row of one table: words that are signed, and what happens when both have
 * signed. */
#ifndef TORI_SERVICE_APPROVAL_H
#define TORI_SERVICE_APPROVAL_H

#include "service/operation.h"
#include "service/session.h"

enum { TORI_APPROVAL_SIGNATURES = 2 };

/* A new approval: `value` and `target` are the words that will be signed. */
struct tori_approval_ask {
    const char *action; /* a name of the table in approval.c */
    struct tori_id target_customer;
    struct tori_id target_id;
    int64_t number;
    struct tori_str target; /* how people call it */
    struct tori_str value;
    struct tori_str note;
};
/* In a session of an operator; writes approval_id into the answer. */
TORI_RESULT tori_approval_open(struct tori_ctx *cx, const struct tori_session_now *by,
                               const struct tori_approval_ask *ask, struct tori_reply *out);

/* GET /v1/approvals; POST /v1/approvals/{id}/sign and /reject */
struct tori_approval_name {
    struct tori_id id;
    struct tori_session_claim claim;
};
struct tori_result tori_approval_list_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_approval_list(struct tori_ctx *cx, const void *in, struct tori_reply *out);
struct tori_result tori_approval_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_approval_sign(struct tori_ctx *cx, const void *in, struct tori_reply *out);
struct tori_result tori_approval_reject(struct tori_ctx *cx, const void *in,
                                        struct tori_reply *out);

/* An approval_sign operation was proved: counts once; the second signature carries the action
 * out. */
TORI_RESULT tori_approval_signed(struct tori_ctx *cx, const struct tori_operation *operation);

/* Parts of an approval's text: action, target, value. In the arena. */
struct tori_approval_words {
    struct tori_str target;
    struct tori_str value;
};
struct tori_approval_words tori_approval_words_of(const struct tori_approval *approval);
size_t tori_approval_signature_total(const struct tori_aggregate *firm,
                                     const struct tori_id *approval);

#endif
