/* The customer's own pages: inbox, sessions, passkeys, and the brake. */
#ifndef TORI_SERVICE_CENTRE_H
#define TORI_SERVICE_CENTRE_H

#include "service/session.h"

struct tori_centre_ask {
    struct tori_str label;    /* POST /v1/me/credentials */
    struct tori_str operator; /* POST /v1/enrol */
    struct tori_id id;        /* of the notice or credential in the path */
    struct tori_session_claim claim;
};
/* Reads the cookie; the second also the id in the path. */
struct tori_result tori_centre_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_centre_id_prepare(struct tori_ctx *cx, void *in);

struct tori_result tori_centre_page(struct tori_ctx *cx, const void *in,
                                    struct tori_reply *out); /* GET /me */
struct tori_result tori_centre_lock(struct tori_ctx *cx, const void *in,
                                    struct tori_reply *out); /* POST /v1/me/lock */
struct tori_result tori_centre_logout(struct tori_ctx *cx, const void *in, struct tori_reply *out);
struct tori_result tori_centre_logout_all(struct tori_ctx *cx, const void *in,
                                          struct tori_reply *out);
struct tori_result tori_centre_not_me(struct tori_ctx *cx, const void *in, struct tori_reply *out);
struct tori_result tori_centre_add(struct tori_ctx *cx, const void *in, struct tori_reply *out);
struct tori_result tori_centre_remove(struct tori_ctx *cx, const void *in, struct tori_reply *out);

/* GET / and /login, /enrol; POST /v1/login on both hosts, POST /v1/enrol for operators. */
struct tori_result tori_start_page(struct tori_ctx *cx, const void *in, struct tori_reply *out);
struct tori_result tori_start_enrol_page(struct tori_ctx *cx, const void *in,
                                         struct tori_reply *out);
struct tori_result tori_start_login(struct tori_ctx *cx, const void *in, struct tori_reply *out);
struct tori_result tori_start_enrol(struct tori_ctx *cx, const void *in, struct tori_reply *out);
/* GET /login of the customers' host: straight to a visit. GET /locked: where the brake leads. */
struct tori_result tori_start_login_page(struct tori_ctx *cx, const void *in,
                                         struct tori_reply *out);
struct tori_result tori_start_locked_page(struct tori_ctx *cx, const void *in,
                                          struct tori_reply *out);
/* GET / of the operators' host. */
struct tori_result tori_approvals_page(struct tori_ctx *cx, const void *in, struct tori_reply *out);

#endif
