#include "service/visit.h"

#include <string.h>

#include "base/hash.h"
#include "codec/base64url.h"
#include "domain/operation/operation.h"
#include "service/facts.h"
#include "service/operation.h"

const char *const tori_visit_purposes[] = {"login", "confirm", "enrol", "manage", NULL};
const char *const tori_locales[] = {"ja", "en", NULL};

static enum tori_purpose purpose_of(const struct tori_visit_begin *begin)
{
    return (enum tori_purpose)(begin->purpose + 1);
}

struct tori_result tori_visit_begin_prepare(struct tori_ctx *cx, void *in)
{
    const struct tori_visit_begin *begin = in;
    struct tori_result r;

    switch (purpose_of(begin)) {
    case TORI_PURPOSE_CONFIRM:
        r = tori_facts_route(cx, &begin->operation_id, &cx->route);
        if (r.err == TORI_ERR_NOT_FOUND)
            return TORI_FAIL(cx, OPERATION_UNKNOWN);
        return r;
    case TORI_PURPOSE_ENROL:
        return tori_facts_customer(cx, begin->customer, &cx->route);
    case TORI_PURPOSE_LOGIN:
    case TORI_PURPOSE_MANAGE:
        return TORI_OK;
    }
    return TORI_OK;
}

static TORI_RESULT find_subject(struct tori_ctx *cx, const struct tori_visit_begin *begin,
                                const struct tori_channel *channel, struct tori_lobby_visit *like)
{
    const struct tori_aggregate *agg = cx->state->customer;

    if (like->purpose == TORI_PURPOSE_CONFIRM) {
        const struct tori_operation *operation = tori_operation_find(agg, &begin->operation_id);
        if (operation == NULL || !tori_id_eq(&operation->channel_id, &channel->id))
            return TORI_FAIL(cx, OPERATION_UNKNOWN);
        if (operation->state != TORI_OP_STEP_UP)
            return TORI_FAIL(cx, OPERATION_STATE);
        like->operation_id = operation->id;
        like->user_id = operation->user_id;
        like->customer_id = agg->customer_id;
    }
    if (like->purpose == TORI_PURPOSE_ENROL) {
        const struct tori_user *user = tori_user_by_ref(agg, begin->user);
        if (user == NULL)
            return TORI_FAIL(cx, CUSTOMER_UNKNOWN);
        like->user_id = user->id;
        like->customer_id = agg->customer_id;
    }
    return TORI_OK;
}

/* Texts of a visit have caps that the body tables keep. */
static size_t keep(char *to, size_t room, struct tori_str text)
{
    size_t n = text.len < room ? text.len : room;
    memcpy(to, text.at, n);
    return n;
}

static struct tori_lobby_visit *admit(struct tori_ctx *cx, const struct tori_lobby_visit *like)
{
    struct tori_id id = tori_id_new(&cx->random, cx->now, tori_id_bucket(&like->customer_id));
    struct tori_lobby_visit *visit = tori_lobby_add(cx->state->lobby, &id);

    *visit = *like;
    visit->id = id;
    visit->state = TORI_VISIT_OPENED;
    visit->expires_at = cx->now + cx->app->interaction_ttl_ms;
    if (tori_id_is_none(&visit->operation_id))
        visit->operation_id = tori_id_new(&cx->random, cx->now, 0);
    tori_facts_note_route(cx, &id, &visit->customer_id);
    return visit;
}

static void write_url(struct tori_ctx *cx, struct tori_reply *out, const struct tori_realm *realm,
                      const struct tori_id *id)
{
    struct tori_buf url = tori_buf_new(cx->arena, 512);

    tori_buf_str(&url, realm->origin);
    tori_buf_z(&url, "/i/");
    tori_buf_b64u(&url, tori_id_bytes(id));
    tori_reply_text(out, "url", tori_buf_text(&url));
}

struct tori_result tori_visit_begin_decide(struct tori_ctx *cx, const void *in,
                                           struct tori_reply *out)
{
    const struct tori_visit_begin *begin = in;
    const struct tori_channel *channel;

    TORI_TRY(tori_channel_require(cx, TORI_CHANNEL_ASK, &channel));
    if (!tori_channel_allows_return(channel, begin->return_uri))
        return TORI_FAIL(cx, RETURN_URI_UNKNOWN);
    struct tori_lobby_visit like = {
        .listener = TORI_LISTENER_CUSTOMER,
        .purpose = purpose_of(begin),
        .channel_id = channel->id,
        .lang = begin->locale,
    };
    TORI_TRY(find_subject(cx, begin, channel, &like));
    like.return_uri_len = keep(like.return_uri, sizeof(like.return_uri), begin->return_uri);
    like.return_state_len = keep(like.return_state, sizeof(like.return_state), begin->state);
    const struct tori_lobby_visit *visit = admit(cx, &like);
    tori_reply_status(out, 201);
    tori_reply_id(out, "interaction_id", &visit->id);
    write_url(cx, out, &cx->app->customers, &visit->id);
    tori_reply_time(out, "expires_at", visit->expires_at);
    return TORI_OK;
}

struct tori_result tori_visit_own_path(struct tori_ctx *cx, const struct tori_lobby_visit *like,
                                       struct tori_str back, struct tori_str *path)
{
    struct tori_lobby_visit own = *like;
    struct tori_buf next = tori_buf_new(cx->arena, 64);

    own.listener = cx->caller->listener;
    own.lang = cx->lang;
    own.return_uri_len = keep(own.return_uri, sizeof(own.return_uri), back);
    const struct tori_lobby_visit *visit = admit(cx, &own);
    tori_buf_z(&next, "/i/");
    tori_buf_b64u(&next, tori_id_bytes(&visit->id));
    TORI_TRY(tori_buf_done(cx, &next));
    *path = tori_buf_text(&next);
    return TORI_OK;
}

struct tori_result tori_visit_open_own(struct tori_ctx *cx, const struct tori_lobby_visit *like,
                                       struct tori_str back, struct tori_reply *out)
{
    struct tori_str next;

    TORI_TRY(tori_visit_own_path(cx, like, back, &next));
    tori_reply_text(out, "next", next);
    return TORI_OK;
}

struct tori_result tori_visit_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_visit_ask *ask = in;

    TORI_TRY(tori_path_id(cx, 0, TORI_ERR_INTERACTION_UNKNOWN, &ask->id));
    struct tori_result r = tori_facts_route(cx, &ask->id, &cx->route);
    return r.err == TORI_ERR_NOT_FOUND ? TORI_OK : r;
}

struct tori_aggregate *tori_visit_aggregate(struct tori_ctx *cx,
                                            const struct tori_lobby_visit *visit)
{
    return visit->listener == TORI_LISTENER_OPERATOR ? cx->state->firm : cx->state->customer;
}

static TORI_RESULT find_visit(struct tori_ctx *cx, const struct tori_id *id,
                              struct tori_lobby_visit **out)
{
    struct tori_lobby_visit *visit = tori_lobby_find(cx->state->lobby, id, cx->now);

    if (visit == NULL || visit->listener != cx->caller->listener)
        return TORI_FAIL(cx, INTERACTION_UNKNOWN);
    *out = visit;
    return TORI_OK;
}

static bool is_bound(const struct tori_lobby_visit *visit)
{
    return !tori_hash_is_zero(&visit->visit_hash);
}

static bool is_this_browser(struct tori_ctx *cx, const struct tori_lobby_visit *visit)
{
    struct tori_hash mine = tori_hash_of_text(cx->caller->visit);

    return cx->caller->visit.len > 0 && tori_ct_eq(&mine, &visit->visit_hash, sizeof(mine));
}

struct tori_result tori_visit_of_browser(struct tori_ctx *cx, const struct tori_id *id,
                                         unsigned states, struct tori_lobby_visit **out)
{
    struct tori_lobby_visit *visit = NULL;

    TORI_TRY(find_visit(cx, id, &visit));
    if (is_bound(visit) && !is_this_browser(cx, visit))
        return TORI_FAIL(cx, INTERACTION_OTHER_BROWSER);
    if ((states & (1u << visit->state)) == 0)
        return TORI_FAIL(cx, INTERACTION_STATE, tori_i64("state", visit->state));
    *out = visit;
    return TORI_OK;
}

/* Gives the browser its cookie if it has none; one serves all its visits. */
struct tori_result tori_visit_cookie(struct tori_ctx *cx, struct tori_reply *out,
                                     struct tori_hash *hash)
{
    struct tori_str secret;

    if (cx->caller->visit.len > 0) {
        *hash = tori_hash_of_text(cx->caller->visit);
        return TORI_OK;
    }
    TORI_TRY(tori_secret_new(cx, &secret, hash));
    out->cookie[TORI_REPLY_VISIT] = (struct tori_cookie_change){.set = true, .value = secret};
    return TORI_OK;
}

struct tori_result tori_visit_bind(struct tori_ctx *cx, struct tori_lobby_visit *visit,
                                   struct tori_reply *out)
{
    if (is_bound(visit))
        return TORI_OK;
    TORI_TRY(tori_visit_cookie(cx, out, &visit->visit_hash));
    return tori_visit_step(cx, visit->state, TORI_VISIT_BIND, &visit->state);
}

struct tori_result tori_visit_login_canonical(struct tori_ctx *cx,
                                              const struct tori_lobby_visit *visit,
                                              struct tori_bytes *canonical)
{
    static const struct tori_value none[TORI_VALUES_MAX];
    struct tori_canonical_head head = {
        .entry = tori_operation_named(TORI_STR("login")),
        .operation = visit->operation_id,
        .channel = visit->channel_id,
        .origin = tori_realm_of(cx)->origin,
        .purpose = visit->purpose == TORI_PURPOSE_ENROL ? "enrol" : "login",
    };
    return tori_canonical(cx, &head, none, canonical);
}

static bool asks_operation(const struct tori_lobby_visit *visit)
{
    return visit->purpose == TORI_PURPOSE_CONFIRM && visit->state != TORI_VISIT_AGREED;
}

struct tori_result tori_visit_expected(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                                       struct tori_hash *challenge)
{
    struct tori_hash nonce = visit->nonce, canonical_hash;
    tori_time until = visit->challenge_until;

    if (asks_operation(visit)) {
        const struct tori_operation *operation =
            tori_operation_find(tori_visit_aggregate(cx, visit), &visit->operation_id);
        if (operation == NULL)
            return TORI_FAIL(cx, OPERATION_UNKNOWN);
        nonce = operation->nonce;
        canonical_hash = operation->canonical_hash;
        until = operation->challenge_until;
    } else {
        struct tori_bytes canonical;
        TORI_TRY(tori_visit_login_canonical(cx, visit, &canonical));
        canonical_hash = tori_sha256(canonical);
    }
    if (tori_hash_is_zero(&nonce))
        return TORI_FAIL(cx, PROOF_CHALLENGE);
    if (until <= cx->now)
        return TORI_FAIL(cx, PROOF_EXPIRED);
    *challenge = tori_challenge(&nonce, &canonical_hash);
    return TORI_OK;
}

static size_t descriptors(struct tori_ctx *cx, const struct tori_aggregate *agg,
                          const struct tori_id *user, struct tori_descriptor **out)
{
    size_t n = 0;

    *out = tori_arena_take(cx->arena, (tori_credential_count(agg) + 1) * sizeof(**out));
    if (*out == NULL)
        return 0;
    for (size_t i = 0; i < tori_credential_count(agg); i++) {
        const struct tori_credential *c = tori_credential_at(agg, i);
        if (c->state == TORI_CREDENTIAL_ACTIVE && tori_id_eq(&c->user_id, user))
            (*out)[n++] = (struct tori_descriptor){c->credential_id, c->transports};
    }
    return n;
}

static TORI_RESULT write_request(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                                 const struct tori_hash *challenge, struct tori_reply *out)
{
    struct tori_descriptor *allow = NULL;
    struct tori_request_options options = {
        .rp = &tori_realm_of(cx)->rp,
        .challenge = tori_hash_bytes(challenge),
        .timeout_ms = cx->app->challenge_ttl_ms,
    };
    /* A login names nobody: its list stays empty, and discoverable credentials answer. */
    if (visit->purpose == TORI_PURPOSE_CONFIRM) {
        options.allow_count =
            descriptors(cx, tori_visit_aggregate(cx, visit), &visit->user_id, &allow);
        options.allow = allow;
    }
    tori_webauthn_write_request(tori_reply_json(out), "publicKey", &options);
    return TORI_OK;
}

static TORI_RESULT write_creation(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                                  const struct tori_hash *challenge, struct tori_reply *out)
{
    const struct tori_aggregate *agg = tori_visit_aggregate(cx, visit);
    const struct tori_user *user = tori_user_find(agg, &visit->user_id);
    struct tori_descriptor *exclude;
    struct tori_bytes name;
    struct tori_column_place place = tori_place_in(agg, &visit->user_id, "user.sealed_name");

    TORI_TRY(tori_column_open(cx, &place, user->sealed_name, &name));
    struct tori_creation_options options = {
        .rp = &tori_realm_of(cx)->rp,
        .challenge = tori_hash_bytes(challenge),
        .timeout_ms = cx->app->challenge_ttl_ms,
        .user = user->handle,
        .user_name = tori_bytes_str(name),
        .user_display_name = tori_bytes_str(name),
    };
    options.exclude_count = descriptors(cx, agg, &visit->user_id, &exclude);
    options.exclude = exclude;
    tori_webauthn_write_creation(tori_reply_json(out), "publicKey", &options);
    return TORI_OK;
}

/* A fresh challenge: of a visit in memory, of an operation in its row. */
static TORI_RESULT renew(struct tori_ctx *cx, struct tori_lobby_visit *visit)
{
    if (asks_operation(visit))
        return tori_operation_renew_challenge(cx, tori_visit_aggregate(cx, visit),
                                              &visit->operation_id);
    tori_random_fill(&cx->random, visit->nonce.at, sizeof(visit->nonce.at));
    visit->challenge_until = cx->now + cx->app->challenge_ttl_ms;
    return TORI_OK;
}

struct tori_result tori_visit_write_challenge(struct tori_ctx *cx, struct tori_lobby_visit *visit,
                                              struct tori_reply *out)
{
    struct tori_hash challenge;

    TORI_TRY(renew(cx, visit));
    TORI_TRY(tori_visit_expected(cx, visit, &challenge));
    if (visit->state == TORI_VISIT_AGREED)
        TORI_TRY(write_creation(cx, visit, &challenge, out));
    else
        TORI_TRY(write_request(cx, visit, &challenge, out));
    tori_reply_time(out, "expires_at", cx->now + cx->app->challenge_ttl_ms);
    return TORI_OK;
}

struct tori_result tori_visit_challenge(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_visit_ask *ask = in;
    const unsigned states =
        1u << TORI_VISIT_OPENED | 1u << TORI_VISIT_BOUND | 1u << TORI_VISIT_AGREED;
    struct tori_lobby_visit *visit = NULL;

    TORI_TRY(tori_visit_of_browser(cx, &ask->id, states, &visit));
    bool creates = visit->state == TORI_VISIT_AGREED;
    if (visit->purpose == TORI_PURPOSE_MANAGE || (visit->purpose == TORI_PURPOSE_ENROL && !creates))
        return TORI_FAIL(cx, INTERACTION_STATE);
    TORI_TRY(tori_visit_bind(cx, visit, out));
    return tori_visit_write_challenge(cx, visit, out);
}

static TORI_RESULT reply_next(struct tori_ctx *cx, const struct tori_lobby_visit *visit,
                              struct tori_reply *out)
{
    struct tori_buf next = tori_buf_new(cx->arena, 64);

    tori_buf_z(&next, "/i/");
    tori_buf_b64u(&next, tori_id_bytes(&visit->id));
    tori_buf_z(&next, "/done");
    TORI_TRY(tori_buf_done(cx, &next));
    tori_reply_text(out, "next", tori_buf_text(&next));
    return TORI_OK;
}

struct tori_result tori_visit_prove(struct tori_ctx *cx, struct tori_lobby_visit *visit,
                                    struct tori_aggregate *agg, const struct tori_id *session,
                                    struct tori_reply *out)
{
    TORI_TRY(tori_visit_step(cx, visit->state, TORI_VISIT_PROVE, &visit->state));
    visit->nonce = (struct tori_hash){{0}};
    visit->customer_id = agg->customer_id;
    visit->session_id = *session;
    if (!tori_id_is_none(&visit->channel_id)) {
        tori_random_fill(&cx->random, visit->code.at, sizeof(visit->code.at));
        visit->has_code = true;
        visit->code_hash = tori_sha256(TORI_BYTES_OF(visit->code.at));
        visit->code_until = cx->now + cx->app->code_ttl_ms;
        tori_facts_note_route(cx, &visit->id, &agg->customer_id);
    }
    return reply_next(cx, visit, out);
}

struct tori_result tori_visit_cancel(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_visit_ask *ask = in;
    const unsigned states =
        1u << TORI_VISIT_OPENED | 1u << TORI_VISIT_BOUND | 1u << TORI_VISIT_AGREED;
    struct tori_lobby_visit *visit = NULL;

    TORI_TRY(tori_visit_of_browser(cx, &ask->id, states, &visit));
    TORI_TRY(tori_visit_step(cx, visit->state, TORI_VISIT_FAIL, &visit->state));
    return reply_next(cx, visit, out);
}

static void put_parameter(struct tori_buf *url, char mark, const char *name)
{
    tori_buf_byte(url, (uint8_t)mark);
    tori_buf_z(url, name);
    tori_buf_byte(url, '=');
}

/* Back to who sent the browser. `state` holds base64url only, which the body table keeps. */
static TORI_RESULT go_back(struct tori_ctx *cx, struct tori_lobby_visit *visit,
                           struct tori_reply *out)
{
    struct tori_buf url = tori_buf_new(cx->arena, 1024);

    tori_buf_bytes(&url, visit->return_uri, visit->return_uri_len);
    if (!tori_id_is_none(&visit->channel_id)) {
        put_parameter(&url, '?', "interaction");
        tori_buf_b64u(&url, tori_id_bytes(&visit->id));
        put_parameter(&url, '&', visit->has_code ? "code" : "error");
        if (visit->has_code)
            tori_buf_b64u(&url, TORI_BYTES_OF(visit->code.at));
        else
            tori_buf_z(&url, "access_denied");
        put_parameter(&url, '&', "state");
        tori_buf_bytes(&url, visit->return_state, visit->return_state_len);
    }
    TORI_TRY(tori_buf_done(cx, &url));
    tori_reply_status(out, 303);
    tori_reply_header(out, "Location", tori_buf_text(&url));
    /* The visit stays until its end, so that whatever comes late is told that it is over. */
    if (visit->state == TORI_VISIT_PROVED && tori_id_is_none(&visit->channel_id))
        TORI_TRY(tori_visit_step(cx, visit->state, TORI_VISIT_COLLECT, &visit->state));
    visit->has_code = false;
    tori_key32_wipe(&visit->code);
    return TORI_OK;
}

struct tori_result tori_visit_done(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_visit_ask *ask = in;
    const unsigned states = 1u << TORI_VISIT_PROVED | 1u << TORI_VISIT_FAILED;
    struct tori_lobby_visit *visit = NULL;

    TORI_TRY(tori_visit_of_browser(cx, &ask->id, states, &visit));
    bool waits = visit->state == TORI_VISIT_PROVED && !tori_id_is_none(&visit->channel_id);
    if (waits && !visit->has_code)
        return TORI_FAIL(cx, INTERACTION_STATE, tori_i64("state", visit->state));
    return go_back(cx, visit, out);
}
