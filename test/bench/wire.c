#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

void to_b64u(const uint8_t *at, size_t len, char *out)
{
    int n = EVP_EncodeBlock((unsigned char *)out, at, (int)len);

    while (n > 0 && out[n - 1] == '=')
        n--;
    out[n] = '\0';
    for (char *c = out; *c != '\0'; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
}

size_t from_b64u(const char *text, uint8_t *out)
{
    char padded[4096];
    size_t len = strlen(text), n = len;

    must(len + 4 < sizeof(padded));
    for (size_t i = 0; i < len; i++)
        padded[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    while (n % 4 != 0)
        padded[n++] = '=';
    must(EVP_DecodeBlock(out, (unsigned char *)padded, (int)n) >= 0);
    return len * 3 / 4;
}

void between(const char *text, const char *before, char after, char out[static SMALL])
{
    const char *from = strstr(text, before);

    if (from == NULL) {
        fprintf(stderr, "client: no %s in:\n%s\n", before, text);
        exit(1);
    }
    from += strlen(before);
    size_t n = strcspn(from, (const char[]){after, '\r', '\0'});
    must(n < SMALL);
    memcpy(out, from, n);
    out[n] = '\0';
}

static SSL_CTX *tls_context;

static int connect_to(const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
    must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0);
    return fd;
}

void make_context(const char *ca, const char *certificate, const char *key)
{
    tls_context = SSL_CTX_new(TLS_client_method());
    must(tls_context != NULL && SSL_CTX_set_min_proto_version(tls_context, TLS1_3_VERSION) == 1);
    must(SSL_CTX_load_verify_locations(tls_context, ca, NULL) == 1);
    must(SSL_CTX_use_certificate_chain_file(tls_context, certificate) == 1);
    must(SSL_CTX_use_PrivateKey_file(tls_context, key, SSL_FILETYPE_PEM) == 1);
    SSL_CTX_set_verify(tls_context, SSL_VERIFY_PEER, NULL);
}

struct line open_line(const char *port, const char *host)
{
    struct line line = {.fd = connect_to(port)};
    char name[SMALL];

    if (host == NULL) {
        must(fcntl(line.fd, F_SETFL, O_NONBLOCK) == 0);
        return line;
    }
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(host, ":"), host);
    line.tls = SSL_new(tls_context);
    must(line.tls != NULL && SSL_set_fd(line.tls, line.fd) == 1);
    must(SSL_set_tlsext_host_name(line.tls, name) == 1 && SSL_set1_host(line.tls, name) == 1);
    must(SSL_connect(line.tls) == 1);
    must(fcntl(line.fd, F_SETFL, O_NONBLOCK) == 0);
    return line;
}

void close_line(struct line *line)
{
    if (line->tls != NULL)
        SSL_free(line->tls);
    close(line->fd);
}

static void put(const struct line *line, const char *at, size_t len)
{
    if (line->tls != NULL)
        must(SSL_write(line->tls, at, (int)len) == (int)len);
    else
        must(write(line->fd, at, len) == (ssize_t)len);
}

/* How many bytes there are; 0: none yet. */
static size_t get(const struct line *line, char *at, size_t room)
{
    long n = line->tls != NULL ? SSL_read(line->tls, at, (int)room) : read(line->fd, at, room);
    bool none = line->tls != NULL ? SSL_get_error(line->tls, (int)n) == SSL_ERROR_WANT_READ
                                  : n < 0 && errno == EAGAIN;

    if (none)
        return 0;
    must(n > 0);
    return (size_t)n;
}

static size_t content_length(const char *head)
{
    const char *found = strcasestr(head, "\r\ncontent-length:");
    return found == NULL ? 0 : (size_t)strtoul(found + 17, NULL, 10);
}

void exchange(const struct line *line, const char *request, size_t len, struct answer *out)
{
    const char *head_end = NULL;

    put(line, request, len);
    out->len = 0;
    while (head_end == NULL ||
           out->len < (size_t)(out->body - out->text) + content_length(out->text)) {
        size_t n = get(line, out->text + out->len, sizeof(out->text) - 1 - out->len);
        if (n == 0) {
            wait_a_turn();
            continue;
        }
        out->len += n;
        out->text[out->len] = '\0';
        head_end = strstr(out->text, "\r\n\r\n");
        out->body = head_end == NULL ? NULL : head_end + 4;
    }
    out->status = atoi(out->text + 9);
}
