#include "service/customer.h"

#include "base/hash.h"
#include "service/facts.h"
#include "service/lobby.h"
#include "service/notice.h"
#include "store/store.h"

const char *const tori_customer_kinds[] = {"person", "company", NULL};
const char *const tori_contact_kinds[] = {"mail", NULL};
const char *const tori_right_words[] = {"view", "trade", "withdraw", "manage", NULL};
const char *const tori_sides[] = {"buy", "sell", NULL};

enum { BUCKETS = 64 };

/* Making a key costs the keyholder work: only for registered channels. decide looks again. */
static TORI_RESULT require_known_channel(struct tori_ctx *cx)
{
    bool known;

    if (!cx->caller->has_certificate)
        return TORI_FAIL(cx, CHANNEL_UNKNOWN);
    TORI_TRY(tori_find_channel_key(cx, cx->reader, &cx->caller->certificate_key, &known));
    if (!known)
        return TORI_FAIL(cx, CHANNEL_UNKNOWN);
    return TORI_OK;
}

static TORI_RESULT require_new(struct tori_ctx *cx, struct tori_str ref)
{
    struct tori_id existing;
    struct tori_result r = tori_facts_customer(cx, ref, &existing);

    if (r.err == TORI_ERR_CUSTOMER_UNKNOWN)
        return TORI_OK;
    TORI_TRY(r);
    return TORI_FAIL(cx, ALREADY_EXISTS);
}

static struct tori_column_place place_of(const struct tori_ctx *cx,
                                         const struct tori_customer_new *new,
                                         const struct tori_id *row, const char *column)
{
    return (struct tori_column_place){&cx->route, &new->data_key, *row, column};
}

static TORI_RESULT make_contacts(struct tori_ctx *cx, struct tori_customer_new *new,
                                 const struct tori_customer_user *user, const struct tori_user *row,
                                 struct tori_contact *contact)
{
    const struct tori_customer_contact *from = user->contacts.at;

    for (size_t i = 0; i < user->contacts.count; i++) {
        contact[i] = (struct tori_contact){
            .customer_id = cx->route,
            .id = tori_id_new(&cx->random, cx->now, tori_id_bucket(&cx->route)),
            .user_id = row->id,
            .kind = from[i].kind + 1,
            .state = TORI_CONTACT_ACTIVE,
            .created_at = cx->now,
        };
        struct tori_column_place place =
            place_of(cx, new, &contact[i].id, "contact.sealed_address");
        TORI_TRY(tori_column_seal(cx, &place, tori_str_bytes(from[i].address),
                                  &contact[i].sealed_address));
    }
    return TORI_OK;
}

static TORI_RESULT make_user(struct tori_ctx *cx, struct tori_customer_new *new,
                             const struct tori_customer_user *from, struct tori_user *row)
{
    *row = (struct tori_user){
        .customer_id = cx->route,
        .id = tori_id_new(&cx->random, cx->now, tori_id_bucket(&cx->route)),
        .handle = tori_user_handle_new(&cx->random, tori_id_bucket(&cx->route)),
        .ref = from->ref,
        .lang = new->locale,
        .state = TORI_ACTIVE,
        .created_at = cx->now,
    };
    struct tori_column_place place = place_of(cx, new, &row->id, "user.sealed_name");
    return tori_column_seal(cx, &place, tori_str_bytes(from->name), &row->sealed_name);
}

static TORI_RESULT make_users(struct tori_ctx *cx, struct tori_customer_new *new)
{
    const struct tori_customer_user *from = new->users.at;
    struct tori_contact *contact;
    size_t contacts = 0;

    for (size_t i = 0; i < new->users.count; i++)
        contacts += from[i].contacts.count;
    TORI_TRY(tori_take(cx, new->users.count * sizeof(*new->user), &new->user));
    TORI_TRY(tori_take(cx, contacts * sizeof(*contact), &contact));
    new->contact_rows = (struct tori_list){contact, contacts};
    for (size_t i = 0; i < new->users.count; i++) {
        TORI_TRY(make_user(cx, new, &from[i], &new->user[i]));
        TORI_TRY(make_contacts(cx, new, &from[i], &new->user[i], contact));
        contact += from[i].contacts.count;
    }
    return TORI_OK;
}

struct tori_result tori_customer_new_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_customer_new *new = in;
    struct tori_hash ref_hash = tori_hash_of_text(new->ref);

    TORI_TRY(require_known_channel(cx));
    TORI_TRY(require_new(cx, new->ref));
    cx->route = tori_id_new(&cx->random, cx->now, ref_hash.at[0] % BUCKETS);
    TORI_TRY(tori_keys_data_key_new(cx, cx->app->keys, &cx->route, &new->wrapped, &new->data_key));
    return make_users(cx, new);
}

static TORI_RESULT put_customer(struct tori_ctx *cx, const struct tori_customer_new *new)
{
    struct tori_hash ref_hash = tori_hash_of_text(new->ref);
    struct tori_customer_route route = {ref_hash, cx->route};
    struct tori_customer row = {
        .customer_id = cx->route,
        .ref = new->ref,
        .kind = new->kind + 1,
        .lang = new->locale,
        .state = TORI_ACTIVE,
        .created_at = cx->now,
        .data_key = {new->wrapped.at, new->wrapped.len},
    };

    cx->state->customer->data_key = new->data_key;
    TORI_TRY(tori_customer_put(cx, cx->state->customer, &row));
    return tori_customer_route_insert(cx, &route);
}

static TORI_RESULT put_users(struct tori_ctx *cx, const struct tori_customer_new *new)
{
    const struct tori_contact *contact = new->contact_rows.at;

    for (size_t i = 0; i < new->users.count; i++) {
        if (tori_user_by_ref(cx->state->customer, new->user[i].ref) != NULL)
            return TORI_FAIL(cx, BAD_FIELD, tori_word("field", "users"));
        TORI_TRY(tori_user_put(cx, cx->state->customer, &new->user[i]));
    }
    for (size_t i = 0; i < new->contact_rows.count; i++)
        TORI_TRY(tori_contact_put(cx, cx->state->customer, &contact[i]));
    return TORI_OK;
}

static TORI_RESULT put_accounts(struct tori_ctx *cx, const struct tori_customer_new *new)
{
    const struct tori_customer_account *from = new->accounts.at;

    for (size_t i = 0; i < new->accounts.count; i++) {
        struct tori_account row = {
            .customer_id = cx->route,
            .id = tori_id_new(&cx->random, cx->now, tori_id_bucket(&cx->route)),
            .ref = from[i].ref,
            .kind = from[i].kind,
            .state = TORI_ACTIVE,
            .created_at = cx->now,
        };
        if (tori_account_by_ref(cx->state->customer, row.ref) != NULL)
            return TORI_FAIL(cx, BAD_FIELD, tori_word("field", "accounts"));
        TORI_TRY(tori_account_put(cx, cx->state->customer, &row));
    }
    return TORI_OK;
}

static TORI_RESULT put_roles(struct tori_ctx *cx, const struct tori_customer_new *new)
{
    const struct tori_customer_role *from = new->roles.at;

    for (size_t i = 0; i < new->roles.count; i++) {
        const struct tori_user *user = tori_user_by_ref(cx->state->customer, from[i].user);
        const struct tori_account *account =
            tori_account_by_ref(cx->state->customer, from[i].account);
        if (user == NULL || account == NULL)
            return TORI_FAIL(cx, BAD_FIELD, tori_word("field", "roles"));
        struct tori_role row = {cx->route, user->id, account->id, from[i].rights, cx->now};
        TORI_TRY(tori_role_put(cx, cx->state->customer, &row));
    }
    return TORI_OK;
}

/* Two at once may both have found the name free: the first has it. Last of all checks, for a claim
 * outlives its request, and who was refused may come again. */
static TORI_RESULT claim(struct tori_ctx *cx, const struct tori_customer_new *new)
{
    struct tori_hash ref_hash = tori_hash_of_text(new->ref);

    if (tori_lobby_claim(cx->state->lobby, &ref_hash))
        return TORI_FAIL(cx, ALREADY_EXISTS);
    return TORI_OK;
}

static void write_users(const struct tori_customer_new *new, struct tori_json_out *json)
{
    tori_out_list(json, "users");
    for (size_t i = 0; i < new->users.count; i++) {
        tori_out_item(json);
        tori_out_open(json);
        tori_out_text(json, "ref", new->user[i].ref);
        tori_out_id(json, "user_id", &new->user[i].id);
        tori_out_close(json);
    }
    tori_out_list_end(json);
}

struct tori_result tori_customer_new_decide(struct tori_ctx *cx, const void *in,
                                            struct tori_reply *out)
{
    const struct tori_customer_new *new = in;
    const struct tori_channel *channel;
    struct tori_record record;

    TORI_TRY(tori_channel_require(cx, TORI_CHANNEL_RECORDS, &channel));
    TORI_TRY(put_customer(cx, new));
    TORI_TRY(put_users(cx, new));
    TORI_TRY(put_accounts(cx, new));
    TORI_TRY(put_roles(cx, new));
    TORI_TRY(claim(cx, new));
    tori_journal_begin(cx, "customer.created", &record);
    tori_out_id(&record.entry.out, "channel", &channel->id);
    tori_out_int(&record.entry.out, "users", (int64_t) new->users.count);
    tori_out_int(&record.entry.out, "accounts", (int64_t) new->accounts.count);
    TORI_TRY(tori_journal_end(cx, &record, NULL));
    tori_reply_status(out, 201);
    tori_reply_text(out, "customer", new->ref);
    tori_reply_id(out, "customer_id", &cx->route);
    write_users(new, tori_reply_json(out));
    return TORI_OK;
}
