/* Customers as the firm's system of record tells of them, and what channels report. */
#ifndef TORI_SERVICE_CUSTOMER_H
#define TORI_SERVICE_CUSTOMER_H

#include "codec/fields.h"
#include "service/common.h"

/* POST /v1/customers */
struct tori_customer_contact {
    int kind; /* index of tori_contact_kinds */
    struct tori_str address;
};
struct tori_customer_user {
    struct tori_str ref;
    struct tori_str name;
    struct tori_list contacts;
    /* noted by prepare */
    struct tori_id id;
    struct tori_bytes sealed_name;
    const struct tori_contact *contact; /* rows, as many as contacts */
};
struct tori_customer_account {
    struct tori_str ref;
    struct tori_str kind;
};
struct tori_customer_role {
    struct tori_str user;
    struct tori_str account;
    int64_t rights;
};
struct tori_customer_new {
    struct tori_str ref;
    int kind; /* index of tori_customer_kinds */
    int locale;
    struct tori_list users;
    struct tori_list accounts;
    struct tori_list roles;
    /* noted by prepare */
    struct tori_wrapped wrapped;
    struct tori_key32 data_key;
    struct tori_user *user; /* rows, as many as users */
    struct tori_list contact_rows;
};
extern const char *const tori_customer_kinds[]; /* person, company */
extern const char *const tori_contact_kinds[];  /* mail */
extern const char *const tori_right_words[];    /* view, trade, withdraw, manage */
struct tori_result tori_customer_new_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_customer_new_decide(struct tori_ctx *cx, const void *in,
                                            struct tori_reply *out);

/* POST /v1/events */
struct tori_event {
    struct tori_str id;
    struct tori_str type;
    tori_time occurred_at;
    struct tori_str customer;
    struct tori_str account;
    struct {
        int side; /* index of tori_sides */
        struct tori_str symbol;
        int64_t quantity;
        struct {
            struct tori_str currency;
            int64_t minor;
        } price;
        struct tori_id operation_id;
    } fields;
};
struct tori_events {
    struct tori_list events;
};
extern const char *const tori_sides[]; /* buy, sell */
struct tori_result tori_events_prepare(struct tori_ctx *cx, void *in);
struct tori_result tori_events_decide(struct tori_ctx *cx, const void *in, struct tori_reply *out);

#endif
