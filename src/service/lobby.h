/* Visits, from their beginning until the channel has collected: bounded memory of the decider,
 * forgotten at a restart. What a visit proves is durable (the session, the operation), the visit
 * is not. When the lobby is full the oldest goes, so a flood of challenges costs the store nothing
 * and an honest customer at worst a second try. */
#ifndef TORI_SERVICE_LOBBY_H
#define TORI_SERVICE_LOBBY_H

#include "base/secret.h"
#include "model/states.h"
#include "service/command.h"

enum { TORI_RETURN_URI_MAX = 256, TORI_RETURN_STATE_MAX = 128 };

struct tori_lobby_visit {
    struct tori_id id;
    enum tori_listener listener;
    enum tori_purpose purpose;
    struct tori_id channel_id;   /* none: this host itself */
    struct tori_id operation_id; /* of the login that this visit makes */
    struct tori_id customer_id;  /* enrol and manage: whose; a login knows it when it is proved */
    struct tori_id user_id;
    struct tori_hash visit_hash; /* of the browser's cookie; zero: not bound yet */
    struct tori_hash nonce;      /* zero: no challenge is open */
    tori_time challenge_until;
    tori_time expires_at;
    int64_t state; /* enum tori_interaction_state */
    int64_t lang;
    struct tori_id session_id; /* a login that is proved: what it opened */
    struct tori_key32 code;    /* handed out once, by the last redirect */
    bool has_code;
    struct tori_hash code_hash; /* what the channel must know to collect */
    tori_time code_until;
    char return_uri[TORI_RETURN_URI_MAX];
    size_t return_uri_len;
    char return_state[TORI_RETURN_STATE_MAX];
    size_t return_state_len;
};

struct tori_lobby *tori_lobby_new(size_t max);
void tori_lobby_free(struct tori_lobby *lobby);
void tori_lobby_clear(struct tori_lobby *lobby);

/* NULL when unknown or expired. The pointer is good until the next call. */
struct tori_lobby_visit *tori_lobby_find(struct tori_lobby *lobby, const struct tori_id *id,
                                         tori_time now);
/* A zeroed visit under this id; the oldest makes room. */
struct tori_lobby_visit *tori_lobby_add(struct tori_lobby *lobby, const struct tori_id *id);
void tori_lobby_remove(struct tori_lobby *lobby, const struct tori_id *id);
/* Remembers a hash for a while: true when it was there already. What prepare looked up in the store
 * and found absent may have been decided meanwhile; this closes that gap. */
bool tori_lobby_claim(struct tori_lobby *lobby, const struct tori_hash *hash);

#endif
