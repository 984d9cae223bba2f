/* What every request may read and none may change: settings that rules need, and the doors to the
 * rooms below. Made once at start by the net process. */
#ifndef TORI_SERVICE_APP_H
#define TORI_SERVICE_APP_H

#include "domain/webauthn/webauthn.h"
#include "keys/keys.h"
#include "service/command.h"

struct tori_facts;

/* One realm: customers or operators, each with its own host, origin and RP ID. */
struct tori_realm {
    struct tori_rp rp;
    struct tori_str origin; /* of its pages: the first of rp.origin */
};

struct tori_app {
    struct tori_realm customers;
    struct tori_realm operators;
    struct tori_str firm_name[TORI_LANG_COUNT];
    struct tori_str firm_phone; /* empty: none set */
    struct tori_str log_origin; /* names the evidence log */
    const char *log_directory;  /* the log as files */
    int64_t challenge_ttl_ms;   /* 5,000 … 120,000 (AUTH-27) */
    int64_t interaction_ttl_ms;
    int64_t code_ttl_ms;
    int64_t session_absolute_ms;
    int64_t session_grace_ms; /* how long the previous cookie still serves requests in flight */
    int64_t allowed_valid_ms;
    int64_t operation_ttl_ms;
    int64_t enrol_window_ms;
    int64_t operator_window_ms;
    int64_t approval_ttl_ms;
    bool demo; /* explain the virtual authenticator of the developer tools */
    struct tori_keys *keys;
    struct tori_facts *facts;
};

/* The realm whose host a request came to: operators' on their listener, customers' elsewhere. */
const struct tori_realm *tori_realm_of(const struct tori_ctx *cx);

#endif
