/* Interactions: one visit of a browser to our host (design.md §6). A visit lives in the lobby,
 * bound to the first browser that begins it, until the channel has collected with its single-use
 * code. A restart forgets visits; what they proved stays. */
#ifndef TORI_SERVICE_VISIT_H
#define TORI_SERVICE_VISIT_H

#include "service/lobby.h"
#include "service/session.h"

/* POST /v1/interactions */
struct tori_visit_begin {
    int purpose; /* index of tori_visit_purposes */
    struct tori_str return_uri;
    struct tori_str state;
    int locale; /* index of tori_locales */
    struct tori_id operation_id;
    struct tori_str customer;
    struct tori_str user;
};
extern const char *const tori_visit_purposes[]; /* login, confirm, enrol, manage */
extern const char *const tori_locales[];        /* ja, en */
struct tori_result tori_visit_begin_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_visit_begin_decide(struct tori_ctx *cx, const void *in,
                                           struct tori_reply *out);

/* Everything below names the visit by the path of the request. */
struct tori_visit_ask {
    struct tori_id id;
    struct tori_str code; /* POST /v1/interactions/{id}/result */
    struct tori_session_claim claim;
};
struct tori_result tori_visit_prepare(struct tori_ctx *cx, void *in);

/* GET /i/{id}: leaves a struct tori_view_visit; gives the browser its cookie. */
struct tori_result tori_visit_page(struct tori_ctx *cx, const void *in, struct tori_reply *out);
/* POST /v1/i/{id}/challenge: binds the visit to this browser; options for get() or create(). */
struct tori_result tori_visit_challenge(struct tori_ctx *cx, const void *in,
                                        struct tori_reply *out);
/* POST /v1/i/{id}/cancel */
struct tori_result tori_visit_cancel(struct tori_ctx *cx, const void *in, struct tori_reply *out);
/* GET /i/{id}/done: the redirect that carries the code, once. */
struct tori_result tori_visit_done(struct tori_ctx *cx, const void *in, struct tori_reply *out);
/* POST /v1/interactions/{id}/result, for the channel that began it. */
struct tori_result tori_visit_result(struct tori_ctx *cx, const void *in, struct tori_reply *out);

/* For the use cases that prove something in a visit. */

/* The visit of this browser in one of `states` (bits 1 << state). INTERACTION_UNKNOWN,
 * INTERACTION_OTHER_BROWSER, INTERACTION_STATE. */
TORI_RESULT tori_visit_of_browser(struct tori_ctx *cx, const struct tori_id *id, unsigned states,
                                  struct tori_lobby_visit **out);
/* The hash of the browser's visit cookie; sets one if it has none. One serves all its visits. */
TORI_RESULT tori_visit_cookie(struct tori_ctx *cx, struct tori_reply *out, struct tori_hash *hash);
/* Binds the visit to this browser if it is not bound yet. */
TORI_RESULT tori_visit_bind(struct tori_ctx *cx, struct tori_lobby_visit *visit,
                            struct tori_reply *out);
/* A fresh challenge and the options for it: create() once agreed, get() before. */
TORI_RESULT tori_visit_write_challenge(struct tori_ctx *cx, struct tori_lobby_visit *visit,
                                       struct tori_reply *out);
/* The aggregate a visit is about: the firm's on the operators' host. */
struct tori_aggregate *tori_visit_aggregate(struct tori_ctx *cx,
                                            const struct tori_lobby_visit *visit);
/* A visit begun by our own host; the answer's `next` leads to it. */
TORI_RESULT tori_visit_open_own(struct tori_ctx *cx, const struct tori_lobby_visit *like,
                                struct tori_str back, struct tori_reply *out);
/* The same; *path is where it is. */
TORI_RESULT tori_visit_own_path(struct tori_ctx *cx, const struct tori_lobby_visit *like,
                                struct tori_str back, struct tori_str *path);
/* What the open challenge of the visit must be; PROOF_CHALLENGE when none is open,
 * PROOF_EXPIRED. */
TORI_RESULT tori_visit_expected(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                                struct tori_hash *challenge);
/* The login operation that a login visit makes, in canonical form. */
TORI_RESULT tori_visit_login_canonical(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                                       struct tori_bytes *canonical);
/* Proved: makes the code (when a channel waits) and the answer's `next`. */
TORI_RESULT tori_visit_prove(struct tori_ctx *cx, struct tori_lobby_visit *visit,
                             struct tori_aggregate *agg, const struct tori_id *session,
                             struct tori_reply *out);

#endif
