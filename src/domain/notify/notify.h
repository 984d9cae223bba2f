/* Notices: what a customer is told about what happened, in his language. A message is a template
 * (one file in template/) and typed parameters; the parameters are kept as JSON, sealed by whoever
 * stores them, and turned into words when somebody reads. No message carries a link, also not in a
 * value that a thief could choose (NOTIFY-07): such a value is withheld. */
#ifndef TORI_DOMAIN_NOTIFY_NOTIFY_H
#define TORI_DOMAIN_NOTIFY_NOTIFY_H

#include "base/text.h"

enum tori_notify_channel { TORI_NOTIFY_INBOX = 1, TORI_NOTIFY_MAIL = 2, TORI_NOTIFY_LETTER = 4 };

enum tori_notify_kind {
    TORI_NOTIFY_TEXT,
    TORI_NOTIFY_TIME,
    TORI_NOTIFY_INT,
    TORI_NOTIFY_MONEY,
    TORI_NOTIFY_TAIL, /* the end of an account number; the rest is never kept */
    TORI_NOTIFY_CODE, /* a secret; only a letter has one */
    TORI_NOTIFY_WORD, /* one of a few words with a text in each language */
};

struct tori_template_word {
    const char *word;
    struct tori_str text[TORI_LANG_COUNT];
};

struct tori_template_param {
    const char *name; /* NULL ends the list */
    enum tori_notify_kind kind;
    bool optional;
    const struct tori_template_word *words; /* of a WORD; ends with a NULL word */
};

struct tori_template {
    const char *name;
    const char *trigger;
    unsigned channels; /* enum tori_notify_channel */
    bool may_be_muted; /* NOTIFY-06: never true for withdrawals and credentials */
    const struct tori_template_param *param;
    struct tori_str subject[TORI_LANG_COUNT];
    struct tori_str body[TORI_LANG_COUNT];
};

/* In the order of their names. */
extern const struct tori_template tori_templates[];
extern const size_t tori_template_count;

/* NULL when there is none of that name. */
const struct tori_template *tori_template_find(struct tori_str name);

/* A parameter as its author gives it; a list ends with a NULL name. Texts lose control characters
 * and what is past 120 bytes; an empty text stands for "unknown". */
struct tori_notify_param {
    const char *name;
    enum tori_notify_kind kind;
    struct tori_str text;
    int64_t number; /* TIME, INT, MONEY in minor units */
};
#define TORI_NOTIFY_END                                                                            \
    {                                                                                              \
        .name = NULL                                                                               \
    }
struct tori_notify_param tori_notify_text(const char *name, struct tori_str value);
struct tori_notify_param tori_notify_time(const char *name, tori_time value);
struct tori_notify_param tori_notify_int(const char *name, int64_t value);
/* `currency` is the ISO 4217 code. */
struct tori_notify_param tori_notify_money(const char *name, struct tori_str currency,
                                           int64_t minor);
/* Keeps the last three characters. */
struct tori_notify_param tori_notify_tail(const char *name, struct tori_str number);
struct tori_notify_param tori_notify_code(const char *name, struct tori_str code);
struct tori_notify_param tori_notify_word(const char *name, const char *word);

/* The parameters of a message as JSON, at most TORI_NOTIFY_PARAMS_MAX bytes, to be sealed by the
 * caller. NOT_FOUND: no such message. INTERNAL: a parameter is missing, unknown, twice or of
 * another kind, which is a mistake of ours. BAD_TEXT: not UTF-8. */
enum { TORI_NOTIFY_PARAMS_MAX = 4096 };
TORI_RESULT tori_notify_params_write(struct tori_ctx *cx, struct tori_str template_name,
                                     const struct tori_notify_param *param, struct tori_bytes *out);

/* Who reads: his language, and what the firm calls itself. */
struct tori_notify_reader {
    enum tori_lang lang;
    struct tori_str firm;
};

/* The reverse, as texts that fill the placeholders, {firm} among them; ends with a NULL name. In
 * the request's arena. NOT_FOUND, or the errors of JSON; STORE_DATA for parameters that do not
 * fit. */
TORI_RESULT tori_notify_params_read(struct tori_ctx *cx, struct tori_str template_name,
                                    const struct tori_notify_reader *reader, struct tori_bytes json,
                                    const struct tori_text_arg **out);

/* One line, and lines separated by LF. A code, if there is one, is in the body. */
struct tori_message {
    struct tori_str subject;
    struct tori_str body;
};

/* Fills the template; a line whose parameter is absent is left out. NOT_FOUND, TOO_LARGE. */
TORI_RESULT tori_notify_render(struct tori_ctx *cx, struct tori_str template_name,
                               enum tori_lang lang, const struct tori_text_arg *args,
                               struct tori_message *out);

/* Read and render in one step: what the inbox and letters show. */
TORI_RESULT tori_notify_message(struct tori_ctx *cx, struct tori_str template_name,
                                const struct tori_notify_reader *reader, struct tori_bytes json,
                                struct tori_message *out);

/* The same message as mail: it names the firm and ends with how to react without a link. */
TORI_RESULT tori_notify_mail(struct tori_ctx *cx, const struct tori_notify_reader *reader,
                             const struct tori_message *message, struct tori_message *out);

/* Whether mail programs or readers might take the text, or a piece of it, for a link, an address or
 * mark-up. Rather too often than not often enough. */
bool tori_notify_link_in(struct tori_str text);

/* "Chrome, Windows" from a User-Agent header; empty when it says nothing we know. A hint for
 * people, never an input to a decision. */
struct tori_str tori_notify_device_words(struct tori_ctx *cx, struct tori_str user_agent);

#endif
