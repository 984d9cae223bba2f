#include "service/admin.h"

#include "service/approval.h"
#include "service/credential.h"

const char *const tori_channel_rights[] = {"ask", "records", NULL};

struct tori_result tori_firm_new_prepare(struct tori_ctx *cx, void *in)
{
    static const struct tori_id firm;
    struct tori_firm_new *new = in;

    return tori_keys_data_key_new(cx, cx->app->keys, &firm, &new->wrapped, &new->data_key);
}

struct tori_result tori_firm_new_decide(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_firm_new *new = in;
    struct tori_aggregate *firm = cx->state->firm;
    struct tori_record record;
    struct tori_customer row = {
        .state = TORI_ACTIVE,
        .created_at = cx->now,
        .data_key = {new->wrapped.at, new->wrapped.len},
    };

    tori_reply_bool(out, "made", !firm->known);
    if (firm->known)
        return TORI_OK;
    firm->data_key = new->data_key;
    TORI_TRY(tori_customer_put(cx, firm, &row));
    tori_journal_begin(cx, "firm.created", &record);
    return tori_journal_end(cx, &record, NULL);
}

static bool has_credential(const struct tori_aggregate *firm, const struct tori_id *user)
{
    return tori_active_credentials(firm, user) > 0;
}

/* Two people who can sign: from now on nothing is added without them. */
static bool is_begun(const struct tori_aggregate *firm)
{
    size_t n = 0;

    for (size_t i = 0; i < tori_user_count(firm); i++)
        n += tori_user_at(firm, i)->state == TORI_ACTIVE &&
             has_credential(firm, &tori_user_at(firm, i)->id);
    return n >= TORI_APPROVAL_SIGNATURES;
}

/* The approval is asked for in the name of the machine: no operator's signature is implied. */
static TORI_RESULT ask_approval(struct tori_ctx *cx, const char *action,
                                const struct tori_id *target, struct tori_str name,
                                struct tori_reply *out)
{
    static const struct tori_user machine;
    struct tori_session_now now = {.agg = cx->state->firm, .user = &machine};
    struct tori_approval_ask ask = {.action = action, .target_id = *target, .target = name};

    return tori_approval_open(cx, &now, &ask, out);
}

static TORI_RESULT record(struct tori_ctx *cx, const char *kind, const char *name,
                          const struct tori_id *id)
{
    struct tori_record record;

    tori_journal_begin(cx, kind, &record);
    tori_out_id(&record.entry.out, name, id);
    return tori_journal_end(cx, &record, NULL);
}

/* Names and codes are sealed with the firm's data key: without it nothing can be added. */
static TORI_RESULT require_firm(struct tori_ctx *cx)
{
    if (!cx->state->firm->known)
        return TORI_FAIL(cx, KEYHOLDER_AWAY);
    return TORI_OK;
}

static TORI_RESULT operator_row(struct tori_ctx *cx, const struct tori_admin_operator *ask,
                                struct tori_user *row)
{
    const struct tori_user *found = tori_user_by_ref(cx->state->firm, ask->ref);

    if (found != NULL && has_credential(cx->state->firm, &found->id))
        return TORI_FAIL(cx, ALREADY_EXISTS);
    *row = found != NULL ? *found
                         : (struct tori_user){
                               .id = tori_id_new(&cx->random, cx->now, 0),
                               .handle = tori_user_handle_new(&cx->random, 0),
                               .ref = ask->ref,
                               .created_at = cx->now,
                           };
    struct tori_column_place place = tori_place_in(cx->state->firm, &row->id, "user.sealed_name");
    return tori_column_seal(cx, &place, tori_str_bytes(ask->name), &row->sealed_name);
}

static TORI_RESULT give_code(struct tori_ctx *cx, const struct tori_user *user,
                             struct tori_reply *out)
{
    struct tori_enrol_window window = {
        .id = tori_id_new(&cx->random, cx->now, 0),
        .user_id = user->id,
        .expires_at = cx->now + cx->app->operator_window_ms,
        .state = TORI_WINDOW_OPEN,
        .created_at = cx->now,
    };
    struct tori_str code;

    TORI_TRY(tori_enrol_code_new(cx, cx->state->firm, &code, &window.code_hash));
    TORI_TRY(tori_enrol_open(cx, cx->state->firm, &window));
    TORI_TRY(record(cx, "operator.added", "user", &user->id));
    tori_reply_status(out, 201);
    tori_reply_text(out, "code", code);
    tori_reply_time(out, "expires_at", window.expires_at);
    return TORI_OK;
}

struct tori_result tori_admin_operator_decide(struct tori_ctx *cx, const void *in,
                                              struct tori_reply *out)
{
    const struct tori_admin_operator *ask = in;
    struct tori_user row;
    bool begun = is_begun(cx->state->firm);

    TORI_TRY(require_firm(cx));
    TORI_TRY(operator_row(cx, ask, &row));
    row.state = begun ? TORI_PENDING : TORI_ACTIVE;
    TORI_TRY(tori_user_put(cx, cx->state->firm, &row));
    if (begun)
        return ask_approval(cx, "operator.add", &row.id, ask->ref, out);
    return give_code(cx, &row, out);
}

static bool read_digit(char c, uint8_t *out)
{
    if (c >= '0' && c <= '9')
        *out = (uint8_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *out = (uint8_t)(c - 'a' + 10);
    else
        return false;
    return true;
}

static TORI_RESULT read_key(struct tori_ctx *cx, struct tori_str hex, struct tori_hash *out)
{
    uint8_t high, low;

    for (size_t i = 0; i < sizeof(out->at); i++) {
        if (hex.len != 64 || !read_digit(hex.at[2 * i], &high) ||
            !read_digit(hex.at[2 * i + 1], &low))
            return TORI_FAIL(cx, BAD_FIELD, tori_word("field", "certificate_key"));
        out->at[i] = (uint8_t)(high << 4 | low);
    }
    return TORI_OK;
}

static TORI_RESULT join_uris(struct tori_ctx *cx, const struct tori_list *list,
                             struct tori_str *out)
{
    const struct tori_admin_uri *uri = list->at;
    struct tori_buf buf = tori_buf_new(cx->arena, 4096);

    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            tori_buf_byte(&buf, '\n');
        tori_buf_str(&buf, uri[i].uri);
    }
    TORI_TRY(tori_buf_done(cx, &buf));
    *out = tori_buf_text(&buf);
    return TORI_OK;
}

struct tori_result tori_admin_channel_decide(struct tori_ctx *cx, const void *in,
                                             struct tori_reply *out)
{
    const struct tori_admin_channel *ask = in;
    bool begun = is_begun(cx->state->firm);
    struct tori_channel row = {
        .id = tori_id_new(&cx->random, cx->now, 0),
        .name = ask->name,
        .origin = ask->origin,
        .rights = ask->rights,
        .state = begun ? TORI_PENDING : TORI_ACTIVE,
        .created_at = cx->now,
    };

    TORI_TRY(require_firm(cx));
    TORI_TRY(read_key(cx, ask->certificate_key, &row.key_hash));
    TORI_TRY(join_uris(cx, &ask->return_uris, &row.return_uris));
    for (size_t i = 0; i < tori_channel_count(cx->state->firm); i++)
        if (tori_hash_eq(&tori_channel_at(cx->state->firm, i)->key_hash, &row.key_hash))
            return TORI_FAIL(cx, ALREADY_EXISTS);
    TORI_TRY(tori_channel_put(cx, cx->state->firm, &row));
    tori_reply_id(out, "channel_id", &row.id);
    if (begun)
        return ask_approval(cx, "channel.add", &row.id, ask->name, out);
    tori_reply_status(out, 201);
    return record(cx, "channel.added", "channel", &row.id);
}
