/* What several use cases share: who is asking, what is locked, what policy says, and how columns of
 * sealed content are written and read. All of it runs in decide unless it says otherwise. */
#ifndef TORI_SERVICE_COMMON_H
#define TORI_SERVICE_COMMON_H

#include "model/states.h"
#include "service/app.h"
#include "service/journal.h"

/* The channel of this connection, by the key of its TLS certificate, with this right.
 * CHANNEL_UNKNOWN, CHANNEL_NOT_ALLOWED. */
TORI_RESULT tori_channel_require(struct tori_ctx *cx, enum tori_channel_right right,
                                 const struct tori_channel **out);
/* NULL for none and for one that is gone. */
const struct tori_channel *tori_channel_by_id(struct tori_ctx *cx, const struct tori_id *id);
bool tori_channel_allows_return(const struct tori_channel *channel, struct tori_str uri);

/* The lock that stops this customer now; NULL: none. */
const struct tori_lock *tori_lock_of(const struct tori_aggregate *agg);
TORI_RESULT tori_require_unlocked(struct tori_ctx *cx, const struct tori_aggregate *agg);
/* Important operations need the evidence side to be alive (design.md §5): its error, or OK. */
TORI_RESULT tori_require_evidence(struct tori_ctx *cx);

/* By the firm's own reference within a customer; NULL: none. */
const struct tori_user *tori_user_by_ref(const struct tori_aggregate *agg, struct tori_str ref);
const struct tori_account *tori_account_by_ref(const struct tori_aggregate *agg,
                                               struct tori_str ref);
int64_t tori_rights_of(const struct tori_aggregate *agg, const struct tori_id *user,
                       const struct tori_id *account);
/* Active credentials of a user. */
size_t tori_active_credentials(const struct tori_aggregate *agg, const struct tori_id *user);
struct tori_str tori_customer_ref(const struct tori_aggregate *agg);

/* Content of a column that says sealed_…: bound to customer, row and column. */
struct tori_column_place {
    const struct tori_id *customer;
    const struct tori_key32 *key;
    struct tori_id row;
    const char *column; /* "contact.sealed_address" */
};
struct tori_column_place tori_place_in(const struct tori_aggregate *agg, const struct tori_id *row,
                                       const char *column);
TORI_RESULT tori_column_seal(struct tori_ctx *cx, const struct tori_column_place *place,
                             struct tori_bytes plain, struct tori_bytes *sealed);
TORI_RESULT tori_column_open(struct tori_ctx *cx, const struct tori_column_place *place,
                             struct tori_bytes sealed, struct tori_bytes *plain);

/* Refuses, and keeps what was changed until now (a counted try, a used challenge): journal row,
 * problem document, TORI_OK. A plain TORI_FAIL would take the changes back. */
TORI_RESULT tori_refuse(struct tori_ctx *cx, struct tori_reply *out, tori_err err);

/* base64url of 32 random bytes, in the arena; its hash is what is kept. */
TORI_RESULT tori_secret_new(struct tori_ctx *cx, struct tori_str *text, struct tori_hash *hash);
struct tori_hash tori_hash_of_text(struct tori_str text);

/* An id out of the endpoint's path; prepare. */
TORI_RESULT tori_path_id(struct tori_ctx *cx, size_t part, tori_err unknown, struct tori_id *out);

#endif
