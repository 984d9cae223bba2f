/* Sessions (design.md §6). The id is stable and public to channels; the cookie is id, generation
 * and secret, and stays on our host. */
#ifndef TORI_SERVICE_SESSION_H
#define TORI_SERVICE_SESSION_H

#include "service/common.h"

/* What a cookie claims; read in prepare, held against the row in decide. */
struct tori_session_claim {
    bool present;
    struct tori_id id;
    int64_t generation;
    struct tori_hash secret_hash;
};

/* Takes the cookie apart and, on the customers' host, routes to its customer. A missing or
 * unreadable cookie, or one of a session that there never was on this host, is `present` false; it
 * is for tori_session_require to refuse. */
TORI_RESULT tori_session_claim_read(struct tori_ctx *cx, struct tori_session_claim *claim);
/* The first half of it: the parts of the text. False for any other text. */
bool tori_session_cookie_read(struct tori_ctx *cx, struct tori_str cookie,
                              struct tori_session_claim *claim);

struct tori_session_now {
    struct tori_aggregate *agg; /* the customer's; the firm's on the operators' host */
    const struct tori_session *session;
    const struct tori_user *user;
    bool previous; /* the cookie of the generation before: never for important operations */
};
/* NO_SESSION. Live, of this host's realm, not past its end, right secret in constant time. */
TORI_RESULT tori_session_require(struct tori_ctx *cx, const struct tori_session_claim *claim,
                                 struct tori_session_now *out);

/* Whether a session may still carry anything. */
bool tori_session_lives(const struct tori_ctx *cx, const struct tori_aggregate *agg,
                        const struct tori_session *session);

/* A new session by a credential that has just proved itself; sets the cookie. The caller fills
 * credential_id and channel_id, the rest is filled here. */
TORI_RESULT tori_session_begin(struct tori_ctx *cx, struct tori_aggregate *agg,
                               struct tori_session *session, struct tori_reply *out);
/* Login and step-up raise the generation: a new secret, the old one for a few seconds. */
TORI_RESULT tori_session_rotate(struct tori_ctx *cx, struct tori_aggregate *agg,
                                const struct tori_session *session, struct tori_reply *out);
/* Ends every session of the user (NULL: of every user), by rows and by epoch. */
TORI_RESULT tori_session_end_all(struct tori_ctx *cx, struct tori_aggregate *agg,
                                 const struct tori_user *user);

/* Writes the members of a session object. */
void tori_session_write(struct tori_json_out *json, const struct tori_aggregate *agg,
                        const struct tori_session *session);

/* POST /v1/sessions/introspect and /end, for channels. */
struct tori_session_ask {
    struct tori_id session_id;
};
struct tori_result tori_session_ask_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_session_introspect(struct tori_ctx *cx, const void *in,
                                           struct tori_reply *out);
struct tori_result tori_session_end_by_channel(struct tori_ctx *cx, const void *in,
                                               struct tori_reply *out);

#endif
