/* Operations of a channel: asked for, decided, proved, redeemed (design.md §6). */
#ifndef TORI_SERVICE_OPERATION_H
#define TORI_SERVICE_OPERATION_H

#include "domain/operation/operation.h"
#include "service/common.h"

/* POST /v1/operations: the envelope. */
struct tori_operation_ask {
    struct tori_str type;
    int64_t type_version;
    tori_time occurred_at;
    struct tori_str customer;
    struct tori_str account;
    struct tori_str user;
    struct tori_id session;
    struct tori_str channel_session;
    struct {
        struct tori_str ip;
        int64_t port;
        struct tori_str user_agent;
        int locale;
    } context;
    const struct tori_json *fields;
    /* noted by prepare */
    const struct tori_operation_entry *entry;
    struct tori_value value[TORI_VALUES_MAX];
    struct tori_hash request_hash;
};
struct tori_result tori_operation_ask_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_operation_ask_decide(struct tori_ctx *cx, const void *in,
                                             struct tori_reply *out);

/* GET /v1/operations/{id}, POST /v1/operations/{id}/redeem */
struct tori_operation_name {
    struct tori_id id;
};
struct tori_result tori_operation_name_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_operation_get(struct tori_ctx *cx, const void *in, struct tori_reply *out);
struct tori_result tori_operation_redeem(struct tori_ctx *cx, const void *in,
                                         struct tori_reply *out);

/* The members of an operation object. */
void tori_operation_write(struct tori_ctx *cx, struct tori_json_out *json,
                          const struct tori_operation *row);

/* An operation that our own pages make: open, waiting for its proof. */
struct tori_own_operation {
    const char *type;
    struct tori_value value[TORI_VALUES_MAX];
};
TORI_RESULT tori_operation_open_own(struct tori_ctx *cx, struct tori_aggregate *agg,
                                    const struct tori_session *session,
                                    const struct tori_own_operation *own,
                                    struct tori_operation *out);

/* A new nonce and a new term, unless what is open has most of its term before it. */
TORI_RESULT tori_operation_renew_challenge(struct tori_ctx *cx, struct tori_aggregate *agg,
                                           const struct tori_id *id);
/* The challenge was answered wrongly: it is used up. */
TORI_RESULT tori_operation_spoil_challenge(struct tori_ctx *cx, struct tori_aggregate *agg,
                                           const struct tori_id *id);

/* Its own proof was given: allowed from now, or denied when a lock or the cool-off stands in the
 * way. The journal row is the caller's. */
TORI_RESULT tori_operation_prove(struct tori_ctx *cx, struct tori_aggregate *agg,
                                 const struct tori_id *id, const struct tori_credential *credential,
                                 struct tori_operation *out);
/* Puts the receipt of its newest journal row into the operation's row. */
TORI_RESULT tori_operation_receipt(struct tori_ctx *cx, struct tori_aggregate *agg,
                                   struct tori_operation *row, const struct tori_receipt *receipt);
TORI_RESULT tori_operation_canonical(struct tori_ctx *cx, const struct tori_aggregate *agg,
                                     const struct tori_operation *row, struct tori_bytes *out);
/* Tells the customer of an operation that was allowed, and on what device it was asked for. */
TORI_RESULT tori_operation_tell(struct tori_ctx *cx, struct tori_aggregate *agg,
                                const struct tori_operation *row, struct tori_str user_agent);
/* Why this user may not do this now: ERR_NONE, LOCKED or COOL_OFF. */
tori_err tori_operation_obstacle(struct tori_ctx *cx, const struct tori_aggregate *agg,
                                 const struct tori_user *user,
                                 const struct tori_operation_entry *entry);

#endif
