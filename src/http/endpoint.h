/* One endpoint, one file in http/api, http/page or http/console; its row here is all the wire
 * needs. The router, the OpenAPI document and the tests of every endpoint are made from these
 * tables. */
#ifndef TORI_HTTP_ENDPOINT_H
#define TORI_HTTP_ENDPOINT_H

#include "codec/fields.h"
#include "service/command.h"

enum tori_method { TORI_GET, TORI_POST, TORI_PUT, TORI_DEL };

enum tori_auth {
    TORI_AUTH_NONE,    /* anybody: health, static files, an interaction's first page */
    TORI_AUTH_VISIT,   /* the browser bound to an interaction, by its cookie */
    TORI_AUTH_SESSION, /* a session cookie of this listener */
    TORI_AUTH_CHANNEL, /* a registered channel, by the key of its TLS certificate */
    TORI_AUTH_ADMIN,   /* the admin socket's peer */
};

enum tori_rate {
    TORI_RATE_NONE,
    TORI_RATE_PAGE,
    TORI_RATE_CEREMONY,
    TORI_RATE_CODE,
    TORI_RATE_API
};

struct tori_endpoint {
    enum tori_listener listener;
    unsigned also; /* bit set of further listeners: 1u << TORI_LISTENER_OPERATOR */
    enum tori_method method;
    const char *path; /* "/v1/operations/{id}/redeem"; a part in braces matches one segment */
    const char *summary;
    const char *group; /* for the API document: "operations", "pages" … */
    enum tori_auth auth;
    enum tori_rate rate;
    const struct tori_field *fields; /* the JSON body; NULL: a body is refused */
    size_t input_size;
    const struct tori_field *answer; /* what a success holds; NULL: a page, or plain_answer */
    const tori_err *errors; /* what it can answer besides the common ones; ends with ERR_NONE */
    /* With AUTH_NONE, no fields, and neither prepare nor decide, the reactor calls finish by
     * itself: what it does must take microseconds and wait for nothing (health, static files). */
    tori_prepare_fn *prepare;
    tori_decide_fn *decide;
    tori_finish_fn *finish;
    bool quick;        /* prepare takes microseconds: decoding, and facts that memory holds */
    bool page;         /* HTML: errors are pages too, and its headers are those of pages */
    bool idempotency;  /* the Idempotency-Key header is required */
    bool plain_answer; /* not JSON and not a page: metrics, tiles, style sheets */
};

struct tori_endpoint_entry {
    const char *name;
    const struct tori_endpoint *endpoint;
};
/* Generated from the lists in the folders' meson.build. */
extern const struct tori_endpoint_entry tori_endpoints[];
extern const size_t tori_endpoint_count;

#endif
