/* The process that talks to the outside: mail by SMTP, letters to a spool folder. It gets parcels
 * from net over a socket and answers with results (codec/parcel.h, docs/courier-protocol.md); it
 * alone holds the credentials of delivery, and it keeps nothing: what has no result, net sends
 * again. */
#ifndef TORI_COURIER_COURIER_H
#define TORI_COURIER_COURIER_H

#include <sys/types.h>

#include "base/log.h"

enum tori_courier_tls {
    TORI_COURIER_STARTTLS, /* required: a server without it gets no mail */
    TORI_COURIER_TLS,      /* from the first byte */
    TORI_COURIER_PLAIN,    /* for tests: only to a loopback address, and without a login */
};

/* Texts are NUL-terminated and live as long as the call. */
struct tori_courier_config {
    struct tori_log *log;
    int listen_fd;  /* SOCK_SEQPACKET, listening */
    uid_t peer_uid; /* who may send parcels */
    const char *smtp_host;
    int smtp_port;
    enum tori_courier_tls tls;
    const char *ca_file;      /* PEM; NULL: the system's */
    const char *login_file;   /* user and password, a line each; NULL: no login */
    const char *from_address; /* also where bounces go */
    const char *from_name;    /* UTF-8, at most 128 bytes */
    const char *from_name_en; /* of English mails; NULL: the same */
    const char *id_domain;    /* right side of Message-ID; the name in EHLO */
    const char *spool;        /* folder of letters; made when missing */
    int connect_ms;           /* TCP and greeting of one try */
    int total_ms;             /* one try as a whole */
    int parallel;             /* parcels at once, 1–16 */
};

enum { TORI_COURIER_PARALLEL_MAX = 16 };

/* Runs until SIGTERM or SIGINT; what is under way then has five seconds. Returns the exit status:
 * 0, or TORI_EXIT_UNFIT for a configuration that cannot work, of which the log says the setting. */
int tori_courier_main(const struct tori_courier_config *config);

#endif
