/* TLS on bytes: what the socket gave goes in, what it is to send comes out. 1.3 and 1.2, AEAD
 * suites and ephemeral exchange only, the hybrid group where OpenSSL has it; no renegotiation, no
 * compression, no early data. Sessions live in tickets, so no reactor needs another's memory. */
#ifndef TORI_HTTP_TLS_H
#define TORI_HTTP_TLS_H

#include "base/ctx.h"

struct tori_tls_site; /* certificate, key and policy of one listener; any thread */
struct tori_tls;      /* one connection */

struct tori_tls_setup {
    const char *cert_file; /* PEM chain */
    const char *key_file;
    /* Ask for a client certificate and accept any that the client holds the key of: which keys are
     * known is judged with each request (design.md §6). Browsers hang on such a question, so the
     * customers' listener never asks. */
    bool ask_client;
};
TORI_RESULT tori_tls_site_new(struct tori_ctx *cx, const struct tori_tls_setup *setup,
                              struct tori_tls_site **out);
/* Reads certificate and key again, for connections made from now on; any thread. What cannot be
 * used changes nothing: SETTING_BAD. */
TORI_RESULT tori_tls_site_renew(struct tori_ctx *cx, const struct tori_tls_setup *setup,
                                struct tori_tls_site *site);
void tori_tls_site_free(struct tori_tls_site *site);

/* Where encrypted bytes gather; one of a reactor, used by one connection at a time. */
struct tori_tls_out {
    uint8_t *at;
    size_t len;
    size_t room;
};

/* NULL when memory is out. */
struct tori_tls *tori_tls_new(struct tori_tls_site *site, struct tori_tls_out *out);
void tori_tls_free(struct tori_tls *tls);

/* Bytes from the socket; read until WANT before they go away. */
void tori_tls_give(struct tori_tls *tls, struct tori_bytes in);

enum tori_tls_state {
    TORI_TLS_DATA,   /* *n bytes of plain text */
    TORI_TLS_WANT,   /* everything given has been used */
    TORI_TLS_EOF,    /* the peer said goodbye */
    TORI_TLS_FAILED, /* an alert may be in `out` */
};
/* May leave bytes to be sent in `out`, also with WANT: the handshake happens here. */
enum tori_tls_state tori_tls_read(struct tori_tls *tls, uint8_t *to, size_t room, size_t *n);
bool tori_tls_write(struct tori_tls *tls, struct tori_bytes plain);
/* close_notify */
void tori_tls_bye(struct tori_tls *tls);

/* The handshake is over. */
bool tori_tls_ready(const struct tori_tls *tls);
/* SHA-256 of the SubjectPublicKeyInfo of the client's certificate; false: it sent none. */
bool tori_tls_client_key(const struct tori_tls *tls, struct tori_hash *out);

#endif
