/* Operations: what somebody may ask for. One type is one file; its table is read from the wire,
 * printed in the API document, shown on the confirm page and bound by the challenge, always in the
 * same order (design.md §6). */
#ifndef TORI_DOMAIN_OPERATION_OPERATION_H
#define TORI_DOMAIN_OPERATION_OPERATION_H

#include "base/text.h"
#include "codec/json.h"
#include "model/states.h"

enum tori_value_kind {
    TORI_VALUE_TEXT,   /* NFC, no control characters; min and max count characters */
    TORI_VALUE_DIGITS, /* a text of exactly max digits */
    TORI_VALUE_WORD,   /* one of `words` */
    TORI_VALUE_INT,    /* min … max */
    TORI_VALUE_MONEY,  /* {"currency", "minor"}; minor within min … max */
    TORI_VALUE_ID,
};

struct tori_value_rule {
    const char *name;
    enum tori_value_kind kind;
    int64_t min;
    int64_t max;
    bool optional;
    const char *const *words; /* ends with NULL */
};

enum { TORI_VALUES_MAX = 8, TORI_CANONICAL_MAX = 4096 };

struct tori_operation_type {
    int64_t version;
    const struct tori_value_rule *rule; /* ends with a NULL name; at most TORI_VALUES_MAX */
    enum tori_right right;              /* what the user needs on the account; 0: none */
    bool important;                     /* by default */
    bool always_important;              /* policy cannot take it off (AUTH-04) */
    bool ours;                          /* made by Torimori's own pages, never by a channel */
    bool cools_off;                     /* not for a while after the first credential */
    enum tori_text_key title;
    enum tori_text_key warning;
    const char *notice; /* template told about it when it was allowed; NULL: none */
};

struct tori_operation_entry {
    const char *name;
    const struct tori_operation_type *type;
};
/* Generated from the list in this folder's meson.build. */
extern const struct tori_operation_entry tori_operation_types[];
extern const size_t tori_operation_type_count;

/* By exact name and length; NULL when there is none. */
const struct tori_operation_entry *tori_operation_named(struct tori_str name);

/* One value as it was sent. */
struct tori_value {
    bool present;
    struct tori_str text; /* TEXT, DIGITS, WORD; MONEY: the currency */
    int64_t number;       /* INT; MONEY: minor units */
    struct tori_id id;    /* ID */
};

/* Reads `fields` by the type's table. MISSING_FIELD, UNKNOWN_FIELD, BAD_FIELD. NULL is an empty
 * object. */
TORI_RESULT tori_operation_read(struct tori_ctx *cx, const struct tori_operation_type *type,
                                const struct tori_json *fields,
                                struct tori_value value[static TORI_VALUES_MAX]);

/* What goes before the type's own fields. */
struct tori_canonical_head {
    const struct tori_operation_entry *entry;
    struct tori_id operation;
    struct tori_id channel;
    struct tori_str origin;
    const char *purpose;      /* a word: "login", "confirm" */
    struct tori_str customer; /* the firm's references; empty: absent */
    struct tori_str account;
};

/* ASCII `torimori.op.v1`, then name=type:value, each line ended by LF. In the request's arena. */
TORI_RESULT tori_canonical(struct tori_ctx *cx, const struct tori_canonical_head *head,
                           const struct tori_value value[static TORI_VALUES_MAX],
                           struct tori_bytes *out);

/* challenge = SHA-256("torimori.challenge.v1" || 0x00 || nonce || SHA-256(canonical)) */
struct tori_hash tori_challenge(const struct tori_hash *nonce,
                                const struct tori_hash *canonical_hash);

/* Walks the lines of a canonical form: what a page shows is read from what is signed. */
struct tori_canonical_line {
    struct tori_str name;
    struct tori_str kind;
    struct tori_str value; /* still escaped; only texts can hold a backslash */
};
/* *at begins at 0; false at the end. */
bool tori_canonical_next(struct tori_bytes canonical, size_t *at, struct tori_canonical_line *out);
/* Takes the escapes out. */
TORI_RESULT tori_canonical_text(struct tori_ctx *cx, struct tori_str value, struct tori_str *out);

/* The life of an operation, one const table (design.md §6). */
enum tori_operation_event {
    TORI_OP_ALLOW,
    TORI_OP_ASK,   /* a proof of its own is needed */
    TORI_OP_PROVE, /* and was given */
    TORI_OP_HOLD,
    TORI_OP_DENY,
    TORI_OP_REDEEM,
    TORI_OP_TOO_LATE,
};
/* OPERATION_STATE where the table has no row. */
TORI_RESULT tori_operation_step(struct tori_ctx *cx, int64_t from, enum tori_operation_event event,
                                int64_t *to);
/* "step_up"; for the wire. */
const char *tori_operation_state_name(int64_t state);

/* The life of an interaction, likewise. */
enum tori_visit_event {
    TORI_VISIT_BIND,
    TORI_VISIT_AGREE,
    TORI_VISIT_PROVE,
    TORI_VISIT_COLLECT,
    TORI_VISIT_FAIL,
};
TORI_RESULT tori_visit_step(struct tori_ctx *cx, int64_t from, enum tori_visit_event event,
                            int64_t *to);

#endif
