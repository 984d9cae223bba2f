#include "service/common.h"

#include "base/hash.h"
#include "codec/base64url.h"
#include "domain/evidence/seal.h"
#include "domain/operation/operation.h"

const struct tori_realm *tori_realm_of(const struct tori_ctx *cx)
{
    return cx->caller->listener == TORI_LISTENER_OPERATOR ? &cx->app->operators
                                                          : &cx->app->customers;
}

static const struct tori_channel *channel_by_key(const struct tori_aggregate *firm,
                                                 const struct tori_hash *key)
{
    for (size_t i = 0; i < tori_channel_count(firm); i++) {
        const struct tori_channel *channel = tori_channel_at(firm, i);
        if (channel->state == TORI_ACTIVE && tori_hash_eq(&channel->key_hash, key))
            return channel;
    }
    return NULL;
}

struct tori_result tori_channel_require(struct tori_ctx *cx, enum tori_channel_right right,
                                        const struct tori_channel **out)
{
    if (cx->caller->listener != TORI_LISTENER_CHANNEL || !cx->caller->has_certificate)
        return TORI_FAIL(cx, CHANNEL_UNKNOWN);
    const struct tori_channel *channel =
        channel_by_key(cx->state->firm, &cx->caller->certificate_key);
    if (channel == NULL)
        return TORI_FAIL(cx, CHANNEL_UNKNOWN);
    if ((channel->rights & right) == 0)
        return TORI_FAIL(cx, CHANNEL_NOT_ALLOWED, tori_idkv("channel", &channel->id));
    *out = channel;
    return TORI_OK;
}

const struct tori_channel *tori_channel_by_id(struct tori_ctx *cx, const struct tori_id *id)
{
    return tori_id_is_none(id) ? NULL : tori_channel_find(cx->state->firm, id);
}

/* One URI a line, compared byte for byte. */
bool tori_channel_allows_return(const struct tori_channel *channel, struct tori_str uri)
{
    struct tori_str all = channel->return_uris;

    for (size_t from = 0, at = 0; at <= all.len; at++) {
        if (at < all.len && all.at[at] != '\n')
            continue;
        if (uri.len > 0 && tori_str_eq((struct tori_str){all.at + from, at - from}, uri))
            return true;
        from = at + 1;
    }
    return false;
}

const struct tori_lock *tori_lock_of(const struct tori_aggregate *agg)
{
    for (size_t i = 0; i < tori_lock_count(agg); i++)
        if (tori_lock_at(agg, i)->state < TORI_OVER)
            return tori_lock_at(agg, i);
    return NULL;
}

struct tori_result tori_require_unlocked(struct tori_ctx *cx, const struct tori_aggregate *agg)
{
    const struct tori_lock *lock = tori_lock_of(agg);

    if (lock != NULL)
        return TORI_FAIL(cx, LOCKED, tori_idkv("lock", &lock->id));
    return TORI_OK;
}

struct tori_result tori_require_evidence(struct tori_ctx *cx)
{
    if (cx->state->evidence == TORI_ERR_NONE)
        return TORI_OK;
    (void)TORI_FAIL(cx, KEYHOLDER_AWAY);
    return (struct tori_result){cx->state->evidence};
}

const struct tori_user *tori_user_by_ref(const struct tori_aggregate *agg, struct tori_str ref)
{
    for (size_t i = 0; i < tori_user_count(agg); i++)
        if (tori_user_at(agg, i)->state < TORI_OVER && tori_str_eq(tori_user_at(agg, i)->ref, ref))
            return tori_user_at(agg, i);
    return NULL;
}

const struct tori_account *tori_account_by_ref(const struct tori_aggregate *agg,
                                               struct tori_str ref)
{
    for (size_t i = 0; i < tori_account_count(agg); i++)
        if (tori_str_eq(tori_account_at(agg, i)->ref, ref))
            return tori_account_at(agg, i);
    return NULL;
}

int64_t tori_rights_of(const struct tori_aggregate *agg, const struct tori_id *user,
                       const struct tori_id *account)
{
    for (size_t i = 0; i < tori_role_count(agg); i++) {
        const struct tori_role *role = tori_role_at(agg, i);
        if (tori_id_eq(&role->user_id, user) && tori_id_eq(&role->account_id, account))
            return role->rights;
    }
    return 0;
}

size_t tori_active_credentials(const struct tori_aggregate *agg, const struct tori_id *user)
{
    size_t n = 0;

    for (size_t i = 0; i < tori_credential_count(agg); i++) {
        const struct tori_credential *c = tori_credential_at(agg, i);
        n += c->state == TORI_CREDENTIAL_ACTIVE && tori_id_eq(&c->user_id, user);
    }
    return n;
}

struct tori_str tori_customer_ref(const struct tori_aggregate *agg)
{
    const struct tori_customer *customer = tori_aggregate_customer(agg);
    return customer == NULL ? (struct tori_str){"", 0} : customer->ref;
}

struct tori_column_place tori_place_in(const struct tori_aggregate *agg, const struct tori_id *row,
                                       const char *column)
{
    return (struct tori_column_place){&agg->customer_id, &agg->data_key, *row, column};
}

static struct tori_sealing sealing_of(const struct tori_column_place *place)
{
    return (struct tori_sealing){
        .key = place->key,
        .owner = place->customer,
        .row = tori_id_bytes(&place->row),
        .column = tori_str_z(place->column),
    };
}

struct tori_result tori_column_seal(struct tori_ctx *cx, const struct tori_column_place *place,
                                    struct tori_bytes plain, struct tori_bytes *sealed)
{
    struct tori_sealing sealing = sealing_of(place);
    return tori_seal(cx, &sealing, plain, sealed);
}

struct tori_result tori_column_open(struct tori_ctx *cx, const struct tori_column_place *place,
                                    struct tori_bytes sealed, struct tori_bytes *plain)
{
    struct tori_sealing sealing = sealing_of(place);
    return tori_unseal(cx, &sealing, sealed, plain);
}

struct tori_result tori_refuse(struct tori_ctx *cx, struct tori_reply *out, tori_err err)
{
    cx->failure.err = err;
    TORI_TRY(tori_journal_refusal(cx, err));
    tori_reply_problem(cx, out, err);
    return TORI_OK;
}

struct tori_hash tori_hash_of_text(struct tori_str text)
{
    return tori_sha256(tori_str_bytes(text));
}

struct tori_result tori_secret_new(struct tori_ctx *cx, struct tori_str *text,
                                   struct tori_hash *hash)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 64);
    TORI_SECRET struct tori_key32 secret;

    tori_random_fill(&cx->random, secret.at, sizeof(secret.at));
    tori_buf_b64u(&buf, TORI_BYTES_OF(secret.at));
    TORI_TRY(tori_buf_done(cx, &buf));
    *text = tori_buf_text(&buf);
    *hash = tori_hash_of_text(*text);
    return TORI_OK;
}

struct tori_result tori_path_id(struct tori_ctx *cx, size_t part, tori_err unknown,
                                struct tori_id *out)
{
    struct tori_result r = tori_id_parse(cx, cx->caller->path[part], out);

    if (TORI_FAILED(r))
        r.err = cx->failure.err = unknown;
    return r;
}
