/* POST /v1/customers: what the firm's system of record tells of a customer. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/customer.h"
#include "service/visit.h"

static const struct tori_field contact_fields[] = {
    TORI_WORD(struct tori_customer_contact, kind, tori_contact_kinds),
    TORI_TEXT(struct tori_customer_contact, address, 3, 254),
    TORI_FIELDS_END,
};

static const struct tori_field user_fields[] = {
    TORI_TEXT(struct tori_customer_user, ref, 1, 64),
    TORI_TEXT(struct tori_customer_user, name, 1, 128),
    {.name = "contacts",
     .kind = TORI_FIELD_LIST,
     .offset = offsetof(struct tori_customer_user, contacts),
     .max = 4,
     .sub = contact_fields,
     .item_size = sizeof(struct tori_customer_contact)},
    TORI_FIELDS_END,
};

static const struct tori_field account_fields[] = {
    TORI_TEXT(struct tori_customer_account, ref, 1, 64),
    TORI_TEXT(struct tori_customer_account, kind, 1, 32),
    TORI_FIELDS_END,
};

static const struct tori_field role_fields[] = {
    TORI_TEXT(struct tori_customer_role, user, 1, 64),
    TORI_TEXT(struct tori_customer_role, account, 1, 64),
    {.name = "rights",
     .kind = TORI_FIELD_SET,
     .offset = offsetof(struct tori_customer_role, rights),
     .max = 4,
     .words = tori_right_words},
    TORI_FIELDS_END,
};

static const struct tori_field fields[] = {
    TORI_TEXT(struct tori_customer_new, ref, 1, 64),
    TORI_WORD(struct tori_customer_new, kind, tori_customer_kinds),
    {.name = "locale",
     .kind = TORI_FIELD_WORD,
     .offset = offsetof(struct tori_customer_new, locale),
     .words = tori_locales,
     .optional = true},
    {.name = "users",
     .kind = TORI_FIELD_LIST,
     .offset = offsetof(struct tori_customer_new, users),
     .max = 16,
     .sub = user_fields,
     .item_size = sizeof(struct tori_customer_user)},
    {.name = "accounts",
     .kind = TORI_FIELD_LIST,
     .offset = offsetof(struct tori_customer_new, accounts),
     .max = 16,
     .sub = account_fields,
     .item_size = sizeof(struct tori_customer_account)},
    {.name = "roles",
     .kind = TORI_FIELD_LIST,
     .offset = offsetof(struct tori_customer_new, roles),
     .max = 64,
     .sub = role_fields,
     .item_size = sizeof(struct tori_customer_role)},
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_CHANNEL_UNKNOWN, TORI_ERR_CHANNEL_NOT_ALLOWED,
                                  TORI_ERR_ALREADY_EXISTS, TORI_ERR_KEYHOLDER_AWAY, TORI_ERR_NONE};

static const struct tori_field made_user[] = {
    TORI_SAYS(TEXT, "ref"),
    TORI_SAYS(ID, "user_id"),
    TORI_FIELDS_END,
};

static const struct tori_field answer[] = {
    TORI_SAYS(TEXT, "customer"),
    TORI_SAYS(ID, "customer_id"),
    TORI_SAYS_SUB(LIST, "users", made_user),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_customers_create = {
    .listener = TORI_LISTENER_CHANNEL,
    .method = TORI_POST,
    .path = "/v1/customers",
    .summary = "Register a customer",
    .group = "customers",
    .auth = TORI_AUTH_CHANNEL,
    .rate = TORI_RATE_API,
    .fields = fields,
    .input_size = sizeof(struct tori_customer_new),
    .answer = answer,
    .errors = errors,
    .prepare = tori_customer_new_prepare,
    .decide = tori_customer_new_decide,
};
