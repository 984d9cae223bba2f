/* Kept-alive connections of the load's client, and the texts that travel on them. Reading never
 * blocks: what has to wait calls wait_a_turn. */
#ifndef TORI_BENCH_WIRE_H
#define TORI_BENCH_WIRE_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SMALL = 128, MESSAGE = 8192 };

/* A load that cannot go on ends: half a measurement is none. */
#define must(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "client: %s failed (line %d)\n", #what, __LINE__);                     \
            ERR_print_errors_fp(stderr);                                                           \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

struct line {
    SSL *tls; /* NULL: plain */
    int fd;
};

/* One message as it came: head, body, and its status. */
struct answer {
    char text[MESSAGE];
    size_t len;
    const char *body;
    int status;
};

/* Base64url without padding; the text ends with a zero. from_ returns how many bytes came out. */
void to_b64u(const uint8_t *at, size_t len, char *out);
size_t from_b64u(const char *text, uint8_t *out);

/* The text between `before` and `after`, which has to be there. */
void between(const char *text, const char *before, char after, char out[static SMALL]);

/* Once, before any line: whom to trust, and the certificate to show. */
void make_context(const char *ca, const char *certificate, const char *key);

/* To the loopback; `host` (with or without a port) is the name that TLS asks for, NULL: no TLS. */
struct line open_line(const char *port, const char *host);
void close_line(struct line *line);

/* Lets the client's other connections have a look at theirs; the client supplies it. */
void wait_a_turn(void);

/* Sends a request and reads its whole answer. */
void exchange(const struct line *line, const char *request, size_t len, struct answer *out);

#endif
