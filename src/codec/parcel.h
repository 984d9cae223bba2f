/* What net and courier say to each other, one packet a message (docs/courier-protocol.md): a parcel
 * is a mail or a letter to be handed over, a result is what became of it. Both sides decode what
 * the other wrote as hostile bytes: every field has a limit, nothing may follow the last one. */
#ifndef TORI_CODEC_PARCEL_H
#define TORI_CODEC_PARCEL_H

#include "base/buf.h"
#include "base/ctx.h"

enum tori_parcel_kind { TORI_PARCEL_MAIL = 1, TORI_PARCEL_LETTER = 2 };

enum {
    TORI_PARCEL_MAX = 20 * 1024,
    TORI_PARCEL_TEXT_MAX = 16 * 1024,
    TORI_PARCEL_RESULT_SIZE = 32,
    TORI_PARCEL_RESULT_TEXT = 40,
};

/* Texts are UTF-8 in one line, `text` has lines separated by LF; nothing else below space. */
struct tori_parcel {
    enum tori_parcel_kind kind;
    enum tori_lang lang;
    struct tori_id job;       /* the same on every try: receivers drop repeats by it */
    tori_time at;             /* of what happened; the same on every try */
    struct tori_str to;       /* mail: an address, see tori_mail_address_ok */
    struct tori_str subject;  /* mail: 1–400 bytes */
    struct tori_str form;     /* letter: which one, 1–64 of [a-z0-9_] */
    struct tori_str customer; /* letter: the firm's reference, 1–256 bytes */
    struct tori_str name;     /* letter: whom to write to, 0–256 bytes */
    struct tori_str code;     /* letter: the secret in it, 0–64 bytes */
    struct tori_str text;     /* 1–16,384 bytes */
};

/* In the request's arena. BAD_FIELD names what is out of its limits. */
TORI_RESULT tori_parcel_write(struct tori_ctx *cx, const struct tori_parcel *parcel,
                              struct tori_bytes *out);
/* The views of *out point into `packet`. BAD_REQUEST or BAD_FIELD. */
TORI_RESULT tori_parcel_read(struct tori_ctx *cx, struct tori_bytes packet,
                             struct tori_parcel *out);

enum tori_parcel_outcome {
    TORI_PARCEL_DELIVERED = 1,
    TORI_PARCEL_TEMPORARY = 2, /* worth another try */
    TORI_PARCEL_PERMANENT = 3, /* the recipient or the message was refused for good */
};

/* How far it came. */
enum tori_parcel_step {
    TORI_PARCEL_AT_COURIER = 0, /* nobody outside was asked */
    TORI_PARCEL_AT_CONNECT,
    TORI_PARCEL_AT_GREETING,
    TORI_PARCEL_AT_TLS,
    TORI_PARCEL_AT_AUTH,
    TORI_PARCEL_AT_SENDER,
    TORI_PARCEL_AT_RECIPIENT,
    TORI_PARCEL_AT_MESSAGE,
    TORI_PARCEL_AT_SPOOL,
    TORI_PARCEL_STEP_COUNT
};

/* Numbers only: what a foreign server writes often names the customer. */
struct tori_parcel_result {
    struct tori_id job;
    enum tori_parcel_outcome outcome;
    enum tori_parcel_step step;
    unsigned reply;       /* 200–599, or 0 without an answer */
    unsigned enhanced[3]; /* RFC 3463; all 0 without */
};

void tori_parcel_result_write(const struct tori_parcel_result *result,
                              uint8_t out[static TORI_PARCEL_RESULT_SIZE]);
TORI_RESULT tori_parcel_result_read(struct tori_ctx *cx, struct tori_bytes packet,
                                    struct tori_parcel_result *out);

/* "recipient 550 5.1.1", "connect": for last_error and logs. NUL-terminated. */
void tori_parcel_result_text(const struct tori_parcel_result *result,
                             char out[static TORI_PARCEL_RESULT_TEXT]);

/* A mail address that can be named in SMTP and in a header without quoting: local@domain, ASCII, at
 * most 64 and 189 bytes. */
bool tori_mail_address_ok(struct tori_str address);

#endif
