#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <string.h>

#include "base/auto.h"
#include "base/hash.h"

struct tori_tls_site {
    pthread_mutex_t mutex; /* guards which context is the present one */
    SSL_CTX *ctx;
    BIO_METHOD *method;
};

struct tori_tls {
    SSL *ssl;
    struct tori_bytes in;
    struct tori_tls_out *out;
    bool failed;
};

/* OpenSSL reads straight from the reactor's buffer and writes straight into its other one. */
static int bio_read(BIO *bio, char *to, size_t room, size_t *n)
{
    struct tori_tls *tls = BIO_get_data(bio);
    size_t part = tls->in.len < room ? tls->in.len : room;

    BIO_clear_retry_flags(bio);
    if (part == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(to, tls->in.at, part);
    tls->in = (struct tori_bytes){tls->in.at + part, tls->in.len - part};
    *n = part;
    return 1;
}

static int bio_write(BIO *bio, const char *from, size_t len, size_t *n)
{
    struct tori_tls *tls = BIO_get_data(bio);
    struct tori_tls_out *out = tls->out;
    size_t room = out->room == 0 ? 20 * 1024 : out->room;

    while (room < out->len + len)
        room *= 2;
    if (room > out->room) {
        uint8_t *bigger = tori_heap_grow(out->at, room);
        if (bigger == NULL)
            return 0;
        out->at = bigger;
        out->room = room;
    }
    memcpy(out->at + out->len, from, len);
    out->len += len;
    *n = len;
    return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "torimori");

    if (method == NULL)
        return NULL;
    if (BIO_meth_set_read_ex(method, bio_read) == 1 &&
        BIO_meth_set_write_ex(method, bio_write) == 1 && BIO_meth_set_ctrl(method, bio_ctrl) == 1 &&
        BIO_meth_set_create(method, bio_create) == 1)
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* RFC 7301: http/1.1 is all we speak; who offers only something else is told so. */
static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *in, unsigned int in_len, void *arg)
{
    static const unsigned char ours[] = "http/1.1";

    (void)ssl, (void)arg;
    for (unsigned int at = 0; at < in_len && in_len - at > in[at]; at += in[at] + 1u) {
        if (!tori_bytes_eq((struct tori_bytes){in + at + 1, in[at]}, (struct tori_bytes){ours, 8}))
            continue;
        *out = in + at + 1;
        *out_len = in[at];
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Any certificate will do here: TLS itself has proved that the client holds its key. */
static int accept_any(X509_STORE_CTX *store, void *arg)
{
    (void)store, (void)arg;
    return 1;
}

static bool set_policy(SSL_CTX *ctx)
{
    static const char suites[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
    static const unsigned char id[] = "torimori";

    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(ctx, 60 * 60);
    SSL_CTX_set_max_early_data(ctx, 0);
    SSL_CTX_set_max_cert_list(ctx, 16 * 1024);
    SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
    if (SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1) != 1 ||
        SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(ctx, suites) != 1)
        return false;
    /* The hybrid group is asked for by name, never by OpenSSL's version. */
    if (SSL_CTX_set1_groups_list(ctx, "X25519MLKEM768:X25519:P-256") == 1)
        return true;
    ERR_clear_error();
    return SSL_CTX_set1_groups_list(ctx, "X25519:P-256") == 1;
}

static struct tori_result fail_file(struct tori_ctx *cx, const char *what, const char *file)
{
    unsigned long code = ERR_peek_last_error();

    ERR_clear_error();
    return TORI_FAIL(cx, SETTING_BAD, tori_word("tls", what), tori_word("file", file),
                     tori_u64("openssl", code));
}

static struct tori_result fail(struct tori_ctx *cx, const char *what)
{
    return fail_file(cx, what, "");
}

static struct tori_result load(struct tori_ctx *cx, const struct tori_tls_setup *setup,
                               SSL_CTX *ctx)
{
    if (!set_policy(ctx))
        return fail(cx, "policy");
    if (SSL_CTX_use_certificate_chain_file(ctx, setup->cert_file) != 1)
        return fail_file(cx, "certificate", setup->cert_file);
    if (SSL_CTX_use_PrivateKey_file(ctx, setup->key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1)
        return fail_file(cx, "key", setup->key_file);
    if (!setup->ask_client)
        return TORI_OK;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, accept_any, NULL);
    return TORI_OK;
}

static struct tori_result new_context(struct tori_ctx *cx, const struct tori_tls_setup *setup,
                                      SSL_CTX **out)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (ctx == NULL)
        return fail(cx, "context");
    struct tori_result result = load(cx, setup, ctx);
    if (TORI_FAILED(result))
        SSL_CTX_free(ctx);
    else
        *out = ctx;
    return result;
}

struct tori_result tori_tls_site_new(struct tori_ctx *cx, const struct tori_tls_setup *setup,
                                     struct tori_tls_site **out)
{
    struct tori_tls_site *site = tori_heap_take(sizeof(*site));

    if (site == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    pthread_mutex_init(&site->mutex, NULL);
    site->method = make_method();
    struct tori_result result =
        site->method == NULL ? fail(cx, "method") : new_context(cx, setup, &site->ctx);
    if (TORI_FAILED(result)) {
        tori_tls_site_free(site);
        return result;
    }
    *out = site;
    return TORI_OK;
}

struct tori_result tori_tls_site_renew(struct tori_ctx *cx, const struct tori_tls_setup *setup,
                                       struct tori_tls_site *site)
{
    SSL_CTX *ctx;

    TORI_TRY(new_context(cx, setup, &ctx));
    pthread_mutex_lock(&site->mutex);
    SSL_CTX *before = site->ctx;
    site->ctx = ctx;
    pthread_mutex_unlock(&site->mutex);
    SSL_CTX_free(before); /* each connection holds on to the one it began with */
    return TORI_OK;
}

void tori_tls_site_free(struct tori_tls_site *site)
{
    if (site == NULL)
        return;
    SSL_CTX_free(site->ctx);
    BIO_meth_free(site->method);
    pthread_mutex_destroy(&site->mutex);
    tori_heap_free(site);
}

static SSL *new_ssl(struct tori_tls_site *site)
{
    pthread_mutex_lock(&site->mutex);
    SSL *ssl = SSL_new(site->ctx);
    pthread_mutex_unlock(&site->mutex);
    return ssl;
}

struct tori_tls *tori_tls_new(struct tori_tls_site *site, struct tori_tls_out *out)
{
    struct tori_tls *tls = tori_heap_take(sizeof(*tls));
    BIO *bio = BIO_new(site->method);

    if (tls != NULL)
        tls->ssl = new_ssl(site);
    if (tls == NULL || bio == NULL || tls->ssl == NULL) {
        BIO_free(bio);
        tori_tls_free(tls);
        ERR_clear_error();
        return NULL;
    }
    tls->out = out;
    BIO_set_data(bio, tls);
    SSL_set_bio(tls->ssl, bio, bio); /* owns it from here on */
    SSL_set_accept_state(tls->ssl);
    return tls;
}

void tori_tls_free(struct tori_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    tori_heap_free(tls);
}

void tori_tls_give(struct tori_tls *tls, struct tori_bytes in)
{
    tls->in = in;
}

enum tori_tls_state tori_tls_read(struct tori_tls *tls, uint8_t *to, size_t room, size_t *n)
{
    if (tls->failed)
        return TORI_TLS_FAILED;
    /* OpenSSL would only find out the same, by a longer way. */
    if (tls->in.len == 0 && SSL_pending(tls->ssl) == 0)
        return TORI_TLS_WANT;
    ERR_clear_error();
    int result = SSL_read_ex(tls->ssl, to, room, n);
    if (result == 1)
        return TORI_TLS_DATA;
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return TORI_TLS_WANT;
    case SSL_ERROR_ZERO_RETURN:
        return TORI_TLS_EOF;
    default:
        tls->failed = true;
        ERR_clear_error();
        return TORI_TLS_FAILED;
    }
}

bool tori_tls_write(struct tori_tls *tls, struct tori_bytes plain)
{
    size_t n;

    if (tls->failed || plain.len == 0)
        return !tls->failed;
    ERR_clear_error();
    tls->failed = SSL_write_ex(tls->ssl, plain.at, plain.len, &n) != 1 || n != plain.len;
    return !tls->failed;
}

void tori_tls_bye(struct tori_tls *tls)
{
    if (tls->failed || !tori_tls_ready(tls))
        return;
    ERR_clear_error();
    if (SSL_shutdown(tls->ssl) < 0)
        ERR_clear_error();
}

bool tori_tls_ready(const struct tori_tls *tls)
{
    return SSL_is_init_finished(tls->ssl) == 1;
}

bool tori_tls_client_key(const struct tori_tls *tls, struct tori_hash *out)
{
    X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
    unsigned char *der = NULL;

    if (certificate == NULL)
        return false;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (len <= 0)
        return false;
    *out = tori_sha256((struct tori_bytes){der, (size_t)len});
    OPENSSL_free(der);
    return true;
}
