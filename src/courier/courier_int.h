/* Inside the courier: one loop that takes parcels in, a few threads that carry them. */
#ifndef TORI_COURIER_COURIER_INT_H
#define TORI_COURIER_COURIER_INT_H

#include <stdatomic.h>

#include "codec/parcel.h"
#include "courier/courier.h"

enum { LOGIN_MAX = 256 };

/* What all carriers share. */
struct tori_courier {
    const struct tori_courier_config *config;
    char user[LOGIN_MAX]; /* empty: no login */
    char password[LOGIN_MAX];
    char url[512];
    _Atomic bool hurry; /* the time to finish is over */
};

/* A message as it goes over the wire, lines ended by CR LF: the same bytes for the same parcel. */
TORI_RESULT tori_mime_build(struct tori_ctx *cx, const struct tori_courier_config *config,
                            const struct tori_parcel *parcel, struct tori_bytes *out);

/* One carrier's line to the mail server, kept open between mails. Owned by one thread. */
struct tori_smtp;
struct tori_smtp *tori_smtp_new(const struct tori_courier *courier);
void tori_smtp_free(struct tori_smtp *smtp);

/* One whole conversation; blocks for at most total_ms. Never fails: what went wrong is the
 * result. */
void tori_smtp_send(struct tori_smtp *smtp, const struct tori_parcel *parcel,
                    struct tori_bytes message, struct tori_parcel_result *out);

/* The first digits of a server's reply line: 200–599, and the enhanced code behind it (RFC 3463) or
 * three zeros. False, and nothing is written, for any other line. */
bool tori_smtp_reply(struct tori_str line, unsigned *reply, unsigned enhanced[static 3]);

/* Writes {job, at, kind, customer, name, code, lang, text} as a file named after the job, mode
 * 0600. */
TORI_RESULT tori_letter_write(struct tori_ctx *cx, const char *spool,
                              const struct tori_parcel *parcel);

#endif
