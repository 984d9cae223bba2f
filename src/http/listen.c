/* Listening sockets. With several reactors each has a socket of its own (SO_REUSEPORT, which libuv
 * 1.44 cannot set); one that came from the supervisor is shared by duplicates. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/http_int.h"

struct address {
    struct sockaddr_storage at;
    socklen_t len;
};

static struct tori_result failed(struct tori_ctx *cx, const char *what)
{
    return TORI_FAIL(cx, SETTING_BAD, tori_word("listener", what), tori_i64("errno", errno));
}

/* "192.0.2.1", "::1" or "[::1]". */
static bool tcp_address(const struct tori_listener_config *config, struct address *out)
{
    char bare[64];
    struct tori_str text = tori_str_z(config->address);
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)config->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)config->port)};

    if (text.len > 2 && text.at[0] == '[' && text.at[text.len - 1] == ']')
        text = (struct tori_str){text.at + 1, text.len - 2};
    if (text.len >= sizeof(bare))
        return false;
    memcpy(bare, text.at, text.len);
    bare[text.len] = 0;
    if (inet_pton(AF_INET, bare, &v4.sin_addr) == 1) {
        memcpy(&out->at, &v4, sizeof(v4));
        out->len = sizeof(v4);
        return true;
    }
    if (inet_pton(AF_INET6, bare, &v6.sin6_addr) != 1)
        return false;
    memcpy(&out->at, &v6, sizeof(v6));
    out->len = sizeof(v6);
    return true;
}

static bool unix_address(const char *path, struct address *out)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t n = strlen(path);

    if (n >= sizeof(un.sun_path))
        return false;
    memcpy(un.sun_path, path, n);
    memcpy(&out->at, &un, sizeof(un));
    out->len = sizeof(un);
    return true;
}

static struct tori_result not_bound(struct tori_ctx *cx, const struct tori_listener_config *config)
{
    return TORI_FAIL(cx, SETTING_BAD, tori_word("listener", "bind"), tori_i64("errno", errno),
                     tori_word("address", config->address), tori_i64("port", config->port));
}

static bool share(int fd)
{
    int one = 1;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0;
}

/* The first socket takes the port for itself and lets the other reactors' sockets in afterwards.
 * Were it open to sharing from the start, a second Torimori set to the same port would take turns
 * with us, connection by connection. */
static struct tori_result open_one(struct tori_ctx *cx, const struct tori_listener_config *config,
                                   const struct address *address, bool first, int *out)
{
    int one = 1;
    bool tcp = address->at.ss_family != AF_UNIX;
    int fd = socket(address->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return failed(cx, "socket");
    bool set = !tcp || (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
                        (first || share(fd)));
    mode_t old = umask(0177);
    bool bound = set && bind(fd, (const struct sockaddr *)&address->at, address->len) == 0;
    umask(old);
    if (!bound || (tcp && first && !share(fd))) {
        struct tori_result result = not_bound(cx, config);
        close(fd);
        return result;
    }
    *out = fd;
    return TORI_OK;
}

/* What the socket says it is, however we came by it. */
static struct tori_result learn(struct tori_ctx *cx, struct tori_site *site,
                                struct address *address)
{
    struct tori_addr addr;

    address->len = sizeof(address->at);
    if (getsockname(site->fd[0], (struct sockaddr *)&address->at, &address->len) != 0 ||
        !tori_addr_from_socket(&address->at, &addr))
        return failed(cx, "getsockname");
    site->port = addr.port;
    site->local = addr.local;
    if (site->config->role == TORI_LISTENER_ADMIN && !site->local)
        return failed(cx, "the admin listener is a Unix socket");
    if (site->config->cert_file == NULL && !tori_addr_is_loopback(&addr))
        return failed(cx, "without TLS only on loopback");
    return TORI_OK;
}

static struct tori_result open_first(struct tori_ctx *cx, struct tori_site *site)
{
    const struct tori_listener_config *config = site->config;
    struct address address;

    if (config->inherited_fd > 2) {
        site->fd[0] = config->inherited_fd;
        return TORI_OK;
    }
    if (config->address != NULL && config->address[0] == '/') {
        if (!unix_address(config->address, &address))
            return failed(cx, "path of the socket");
        (void)unlink(config->address);
        return open_one(cx, config, &address, true, &site->fd[0]);
    }
    if (config->address == NULL || !tcp_address(config, &address))
        return failed(cx, "address");
    return open_one(cx, config, &address, true, &site->fd[0]);
}

struct tori_result tori_site_open(struct tori_ctx *cx, struct tori_site *site, int reactors)
{
    struct address address;
    bool own = site->config->inherited_fd <= 2;

    TORI_TRY(open_first(cx, site));
    TORI_TRY(learn(cx, site, &address));
    for (int i = 1; i < reactors; i++) {
        if (own && !site->local) {
            TORI_TRY(open_one(cx, site->config, &address, false, &site->fd[i]));
            continue;
        }
        site->fd[i] = fcntl(site->fd[0], F_DUPFD_CLOEXEC, 3);
        if (site->fd[i] < 0)
            return failed(cx, "duplicate");
    }
    return TORI_OK;
}

void tori_site_close(struct tori_site *site)
{
    for (size_t i = 0; i < TORI_REACTORS_MAX; i++) {
        if (site->fd[i] > 2)
            close(site->fd[i]);
        site->fd[i] = 0;
    }
}
