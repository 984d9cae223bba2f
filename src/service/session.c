#include "service/session.h"

#include "codec/base64url.h"
#include "domain/notify/notify.h"
#include "service/facts.h"

/* The cookie: id "." generation "." secret. */
static bool split(struct tori_str text, struct tori_str part[static 3])
{
    size_t n = 0, from = 0;

    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.at[i] != '.')
            continue;
        if (n == 3)
            return false;
        part[n++] = (struct tori_str){text.at + from, i - from};
        from = i + 1;
    }
    return n == 3 && part[1].len > 0 && part[1].len <= 9;
}

static bool read_generation(struct tori_str text, int64_t *out)
{
    int64_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        n = n * 10 + (text.at[i] - '0');
    }
    *out = n;
    return true;
}

bool tori_session_cookie_read(struct tori_ctx *cx, struct tori_str cookie,
                              struct tori_session_claim *claim)
{
    struct tori_str part[3];

    if (!split(cookie, part) || !read_generation(part[1], &claim->generation))
        return false;
    if (TORI_FAILED(tori_id_parse(cx, part[0], &claim->id)))
        return false;
    claim->secret_hash = tori_hash_of_text(part[2]);
    return true;
}

struct tori_result tori_session_claim_read(struct tori_ctx *cx, struct tori_session_claim *claim)
{
    bool operators = cx->caller->listener == TORI_LISTENER_OPERATOR;
    struct tori_id owner;

    claim->present = tori_session_cookie_read(cx, cx->caller->cookie, claim);
    if (!claim->present)
        return TORI_OK;
    struct tori_result r = tori_facts_route(cx, &claim->id, &owner);
    if (TORI_FAILED(r)) {
        claim->present = false;
        return r.err == TORI_ERR_NOT_FOUND ? TORI_OK : r;
    }
    if (operators)
        claim->present = tori_id_is_none(&owner);
    else
        cx->route = owner;
    return TORI_OK;
}

bool tori_session_lives(const struct tori_ctx *cx, const struct tori_aggregate *agg,
                        const struct tori_session *session)
{
    const struct tori_user *user = tori_user_find(agg, &session->user_id);

    return session->absolute_until > cx->now && user != NULL && user->state < TORI_OVER &&
           user->session_epoch == session->epoch;
}

/* The present secret, or the one before it for the grace of requests in flight. */
static bool secret_fits(struct tori_ctx *cx, const struct tori_session *session,
                        const struct tori_session_claim *claim, bool *previous)
{
    bool now = tori_ct_eq(&claim->secret_hash, &session->secret_hash, sizeof(claim->secret_hash));
    bool before =
        tori_ct_eq(&claim->secret_hash, &session->previous_hash, sizeof(claim->secret_hash));

    *previous = !now;
    if (now)
        return claim->generation == session->generation;
    return before && claim->generation == session->generation - 1 &&
           cx->now < session->rotated_at + cx->app->session_grace_ms;
}

struct tori_result tori_session_require(struct tori_ctx *cx, const struct tori_session_claim *claim,
                                        struct tori_session_now *out)
{
    bool operators = cx->caller->listener == TORI_LISTENER_OPERATOR;
    struct tori_aggregate *agg = operators ? cx->state->firm : cx->state->customer;
    bool previous;

    if (!claim->present)
        return TORI_FAIL(cx, NO_SESSION);
    const struct tori_session *session = tori_session_find(agg, &claim->id);
    if (session == NULL || !tori_session_lives(cx, agg, session) ||
        !secret_fits(cx, session, claim, &previous))
        return TORI_FAIL(cx, NO_SESSION);
    *out =
        (struct tori_session_now){agg, session, tori_user_find(agg, &session->user_id), previous};
    return TORI_OK;
}

static TORI_RESULT write_cookie(struct tori_ctx *cx, const struct tori_session *session,
                                struct tori_str secret, struct tori_reply *out)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 200);

    tori_buf_b64u(&buf, tori_id_bytes(&session->id));
    tori_buf_byte(&buf, '.');
    tori_buf_i64(&buf, session->generation);
    tori_buf_byte(&buf, '.');
    tori_buf_str(&buf, secret);
    TORI_TRY(tori_buf_done(cx, &buf));
    out->cookie[TORI_REPLY_SESSION] =
        (struct tori_cookie_change){.set = true,
                                    .value = tori_buf_text(&buf),
                                    .max_age_s = (session->absolute_until - cx->now) / 1000};
    return TORI_OK;
}

/* What ran out by itself goes when the next one comes; the oldest stand first. */
static TORI_RESULT sweep(struct tori_ctx *cx, struct tori_aggregate *agg)
{
    while (tori_session_count(agg) > 0 && !tori_session_lives(cx, agg, tori_session_at(agg, 0)))
        TORI_TRY(tori_session_drop(cx, agg, tori_session_at(agg, 0)));
    return TORI_OK;
}

struct tori_result tori_session_begin(struct tori_ctx *cx, struct tori_aggregate *agg,
                                      struct tori_session *session, struct tori_reply *out)
{
    const struct tori_credential *credential = tori_credential_find(agg, &session->credential_id);
    const struct tori_user *user = tori_user_find(agg, &credential->user_id);
    struct tori_str secret;

    *session = (struct tori_session){
        .customer_id = agg->customer_id,
        .id = tori_id_new(&cx->random, cx->now, tori_id_bucket(&agg->customer_id)),
        .user_id = user->id,
        .channel_id = session->channel_id,
        .credential_id = credential->id,
        .generation = 1,
        .rotated_at = cx->now,
        .device = tori_notify_device_words(cx, cx->caller->user_agent),
        .acr = TORI_ACR_PHR,
        .amr = (credential->backup_eligible ? TORI_AMR_SWK : TORI_AMR_HWK) | TORI_AMR_USER |
               TORI_AMR_MFA,
        .factors = TORI_FACTOR_HELD | TORI_FACTOR_KNOWN_OR_INHERENT, /* AUTH-22 */
        .binding = TORI_BINDING_NONE,
        .epoch = user->session_epoch,
        .auth_time = cx->now,
        .created_at = cx->now,
        .absolute_until = cx->now + cx->app->session_absolute_ms,
    };
    TORI_TRY(tori_secret_new(cx, &secret, &session->secret_hash));
    TORI_TRY(sweep(cx, agg));
    TORI_TRY(tori_session_put(cx, agg, session));
    tori_facts_note_route(cx, &session->id, &agg->customer_id);
    return write_cookie(cx, session, secret, out);
}

struct tori_result tori_session_rotate(struct tori_ctx *cx, struct tori_aggregate *agg,
                                       const struct tori_session *session, struct tori_reply *out)
{
    struct tori_session next = *session;
    struct tori_str secret;

    next.previous_hash = session->secret_hash;
    next.generation++;
    next.rotated_at = cx->now;
    next.auth_time = cx->now;
    TORI_TRY(tori_secret_new(cx, &secret, &next.secret_hash));
    TORI_TRY(tori_session_put(cx, agg, &next));
    return write_cookie(cx, &next, secret, out);
}

static TORI_RESULT raise_epoch(struct tori_ctx *cx, struct tori_aggregate *agg,
                               const struct tori_user *user)
{
    struct tori_user next = *user;

    next.session_epoch++;
    return tori_user_put(cx, agg, &next);
}

struct tori_result tori_session_end_all(struct tori_ctx *cx, struct tori_aggregate *agg,
                                        const struct tori_user *user)
{
    for (size_t i = tori_session_count(agg); i > 0; i--) {
        const struct tori_session *session = tori_session_at(agg, i - 1);
        if (user == NULL || tori_id_eq(&session->user_id, &user->id))
            TORI_TRY(tori_session_drop(cx, agg, session));
    }
    for (size_t i = 0; i < tori_user_count(agg); i++)
        if (user == NULL || tori_id_eq(&tori_user_at(agg, i)->id, &user->id))
            TORI_TRY(raise_epoch(cx, agg, tori_user_at(agg, i)));
    return TORI_OK;
}

static void write_words(struct tori_json_out *json, const char *name, int64_t bits,
                        const char *const *word)
{
    tori_out_list(json, name);
    for (; *word != NULL; word++, bits >>= 1)
        if ((bits & 1) != 0) {
            tori_out_item(json);
            tori_buf_json_str(json->buf, tori_str_z(*word));
        }
    tori_out_list_end(json);
}

void tori_session_write(struct tori_json_out *json, const struct tori_aggregate *agg,
                        const struct tori_session *session)
{
    static const char *const amr[] = {"hwk", "swk", "user", "mfa", NULL};
    static const char *const factors[] = {"held", "known_or_inherent", NULL};
    const struct tori_user *user = tori_user_find(agg, &session->user_id);

    tori_out_id(json, "session_id", &session->id);
    tori_out_bool(json, "active", true);
    tori_out_text(json, "customer", tori_customer_ref(agg));
    tori_out_text(json, "user", user->ref);
    tori_out_word(json, "acr", "phr");
    write_words(json, "amr", session->amr, amr);
    write_words(json, "factors", session->factors, factors);
    tori_out_time(json, "auth_time", session->auth_time);
    tori_out_time(json, "created_at", session->created_at);
    tori_out_time(json, "absolute_until", session->absolute_until);
}

struct tori_result tori_session_ask_prepare(struct tori_ctx *cx, void *in)
{
    const struct tori_session_ask *ask = in;
    struct tori_result r = tori_facts_route(cx, &ask->session_id, &cx->route);

    /* A session that never was is answered like one that ended. */
    return r.err == TORI_ERR_NOT_FOUND ? TORI_OK : r;
}

struct tori_result tori_session_introspect(struct tori_ctx *cx, const void *in,
                                           struct tori_reply *out)
{
    const struct tori_session_ask *ask = in;
    const struct tori_channel *channel;

    TORI_TRY(tori_channel_require(cx, TORI_CHANNEL_ASK, &channel));
    const struct tori_aggregate *agg = cx->state->customer;
    const struct tori_session *session = tori_session_find(agg, &ask->session_id);
    if (session == NULL || !tori_id_eq(&session->channel_id, &channel->id) ||
        !tori_session_lives(cx, agg, session) || tori_lock_of(agg) != NULL) {
        tori_reply_bool(out, "active", false);
        return TORI_OK;
    }
    tori_session_write(tori_reply_json(out), agg, session);
    return TORI_OK;
}

struct tori_result tori_session_end_by_channel(struct tori_ctx *cx, const void *in,
                                               struct tori_reply *out)
{
    const struct tori_session_ask *ask = in;
    const struct tori_channel *channel;
    struct tori_record record;

    TORI_TRY(tori_channel_require(cx, TORI_CHANNEL_ASK, &channel));
    struct tori_aggregate *agg = cx->state->customer;
    const struct tori_session *session = tori_session_find(agg, &ask->session_id);
    tori_reply_bool(out, "active", false);
    if (session == NULL || !tori_id_eq(&session->channel_id, &channel->id))
        return TORI_OK;
    TORI_TRY(tori_session_drop(cx, agg, session));
    tori_journal_begin(cx, "session.ended", &record);
    tori_out_id(&record.entry.out, "session", &ask->session_id);
    tori_out_id(&record.entry.out, "channel", &channel->id);
    return tori_journal_end(cx, &record, NULL);
}
