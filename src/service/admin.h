/* The machine's administrator, by the admin socket: the firm itself, the first two operators, and
 * the first channels. Once two operators hold a passkey, whatever is added here waits for their
 * approval. */
#ifndef TORI_SERVICE_ADMIN_H
#define TORI_SERVICE_ADMIN_H

#include "service/common.h"

enum { TORI_RETURN_URIS_MAX = 8 };

/* The firm's own row and data key; submitted by net at every start, does nothing when it is
 * there. */
struct tori_firm_new {
    struct tori_wrapped wrapped;
    struct tori_key32 data_key;
};
struct tori_result tori_firm_new_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_firm_new_decide(struct tori_ctx *cx, const void *in,
                                        struct tori_reply *out);

/* POST /v1/admin/operators */
struct tori_admin_operator {
    struct tori_str ref;
    struct tori_str name;
};
struct tori_result tori_admin_operator_decide(struct tori_ctx *cx, const void *in,
                                              struct tori_reply *out);

/* POST /v1/admin/channels */
struct tori_admin_uri {
    struct tori_str uri;
};
struct tori_admin_channel {
    struct tori_str name;
    struct tori_str certificate_key; /* 64 hex digits: SHA-256 of the SubjectPublicKeyInfo */
    struct tori_str origin;
    struct tori_list return_uris; /* of struct tori_admin_uri */
    int64_t rights;
};
extern const char *const tori_channel_rights[]; /* ask, records */
struct tori_result tori_admin_channel_decide(struct tori_ctx *cx, const void *in,
                                             struct tori_reply *out);

#endif
