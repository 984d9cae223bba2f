/* echo PORT CERTIFICATE KEY ANSWER: the limit of an introspection. One thread, epoll and OpenSSL:
 * it takes requests of the same bytes over the same TLS 1.3, reads their JSON with the same
 * library, looks one member up, and answers with the same bytes. No routes, no limits, no
 * strictness, no state. */
#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MESSAGE = 8192, EVENTS = 64 };

struct line {
    SSL *tls;
    int fd;
    size_t len;
    char text[MESSAGE];
};

static char answer[MESSAGE];
static size_t answer_len;

#define must(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "echo: %s failed (line %d)\n", #what, __LINE__);                       \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Which session a body asks for; the answer is the same for all. */
static void read_body(const char *at, size_t len)
{
    json_t *body = json_loadb(at, len, JSON_REJECT_DUPLICATES, NULL);

    must(json_string_value(json_object_get(body, "session_id")) != NULL);
    json_decref(body);
}

/* Answers a request that is there as a whole. */
static void serve(struct line *line)
{
    line->text[line->len] = '\0';
    const char *end = strstr(line->text, "\r\n\r\n");
    const char *length = strstr(line->text, "Content-Length: ");

    if (end == NULL || length == NULL)
        return;
    size_t head = (size_t)(end + 4 - line->text), body = strtoul(length + 16, NULL, 10);
    if (line->len < head + body)
        return;
    read_body(end + 4, body);
    must(SSL_write(line->tls, answer, (int)answer_len) == (int)answer_len);
    line->len = 0;
}

static void hang_up(struct line *line)
{
    SSL_free(line->tls);
    close(line->fd);
    free(line);
}

static void hear(struct line *line)
{
    if (!SSL_is_init_finished(line->tls)) {
        int n = SSL_do_handshake(line->tls);
        if (n == 1 || SSL_get_error(line->tls, n) == SSL_ERROR_WANT_READ)
            return;
        hang_up(line);
        return;
    }
    int n = SSL_read(line->tls, line->text + line->len, (int)(MESSAGE - 1 - line->len));
    if (n > 0) {
        line->len += (size_t)n;
        serve(line);
        return;
    }
    if (SSL_get_error(line->tls, n) != SSL_ERROR_WANT_READ)
        hang_up(line);
}

static void welcome(int poll, int listener, SSL_CTX *tls)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK), one = 1;
    struct line *line = calloc(1, sizeof(*line));
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = line};

    must(fd >= 0 && line != NULL);
    must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0);
    line->fd = fd;
    line->tls = SSL_new(tls);
    must(line->tls != NULL && SSL_set_fd(line->tls, fd) == 1);
    SSL_set_accept_state(line->tls);
    must(epoll_ctl(poll, EPOLL_CTL_ADD, fd, &wanted) == 0);
}

static int accept_any(X509_STORE_CTX *store, void *arg)
{
    (void)store, (void)arg;
    return 1;
}

static SSL_CTX *make_tls(char **file)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

    must(tls != NULL && SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) == 1);
    must(SSL_CTX_use_certificate_chain_file(tls, file[0]) == 1);
    must(SSL_CTX_use_PrivateKey_file(tls, file[1], SSL_FILETYPE_PEM) == 1);
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(tls, accept_any, NULL);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    return tls;
}

static int listen_at(const char *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
    must(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 128) == 0);
    return fd;
}

int main(int argc, char **argv)
{
    struct epoll_event ready[EVENTS], wanted = {.events = EPOLLIN, .data.ptr = NULL};

    must(argc == 5);
    FILE *sample = fopen(argv[4], "r");
    must(sample != NULL);
    answer_len = fread(answer, 1, sizeof(answer), sample);
    fclose(sample);
    SSL_CTX *tls = make_tls(argv + 2);
    int listener = listen_at(argv[1]), poll = epoll_create1(0);
    must(epoll_ctl(poll, EPOLL_CTL_ADD, listener, &wanted) == 0);
    for (;;) {
        int n = epoll_wait(poll, ready, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            if (ready[i].data.ptr == NULL)
                welcome(poll, listener, tls);
            else
                hear(ready[i].data.ptr);
        }
    }
}
