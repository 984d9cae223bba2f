#include "keyholder/keyholder.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer_int.h"
#include "base/exit.h"
#include "base/failpoint.h"

/* More peers than net's own few connections means something is wrong. */
enum { PEERS = 8, ARENA = 64 * 1024 };

struct desk {
    struct tori_keyholder holder;
    uid_t peer_uid;
    int listener; /* -1: one connected peer only */
    int stop;     /* readable when we are told to end */
    int peer[PEERS];
    size_t peers;
    uint8_t request[TORI_KEYS_REQUEST_MAX + 1];
    struct tori_answer answer;
};

/* No core, no ptrace by the same user, no new rights by exec. */
static bool harden(void)
{
    struct rlimit none = {0, 0};

    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && setrlimit(RLIMIT_CORE, &none) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static int stop_descriptor(void)
{
    sigset_t stops;

    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    if (sigprocmask(SIG_BLOCK, &stops, NULL) != 0)
        return -1;
    return signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool is_listening(int fd)
{
    int listening = 0;
    socklen_t n = sizeof(listening);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 && listening != 0;
}

static void take_peer(struct desk *desk, int fd)
{
    struct ucred who;
    socklen_t n = sizeof(who);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0 || who.uid != desk->peer_uid) {
        tori_log(&desk->holder.cx, TORI_ERROR, "keyholder.peer_refused", tori_u64("uid", who.uid));
        close(fd);
        return;
    }
    if (desk->peers == PEERS) {
        tori_log(&desk->holder.cx, TORI_ERROR, "keyholder.too_many_peers");
        close(fd);
        return;
    }
    desk->peer[desk->peers++] = fd;
}

static void drop_peer(struct desk *desk, size_t i, const char *why)
{
    if (why != NULL)
        tori_log(&desk->holder.cx, TORI_ERROR, "keyholder.peer_dropped", tori_word("why", why));
    close(desk->peer[i]);
    desk->peer[i] = desk->peer[--desk->peers];
}

/* One packet. One stray byte ends the connection, and so does a peer that does not take its
 * answers: nobody makes us wait. */
static void serve_peer(struct desk *desk, size_t i)
{
    ssize_t n = recv(desk->peer[i], desk->request, sizeof(desk->request), MSG_DONTWAIT | MSG_TRUNC);

    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (n <= 0) {
        drop_peer(desk, i, NULL);
        return;
    }
    struct tori_bytes request = {desk->request, (size_t)n};
    if (request.len > TORI_KEYS_REQUEST_MAX ||
        !tori_keyholder_answer(&desk->holder, request, &desk->answer)) {
        drop_peer(desk, i, "stray message");
        return;
    }
    tori_failpoint("keyholder.answered");
    ssize_t sent =
        send(desk->peer[i], desk->answer.at, desk->answer.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent != (ssize_t)desk->answer.len)
        drop_peer(desk, i, "answer not taken");
    tori_wipe(&desk->answer, sizeof(desk->answer));
}

/* False: time to go. */
static bool serve_once(struct desk *desk)
{
    struct pollfd p[2 + PEERS] = {{desk->stop, POLLIN, 0}, {desk->listener, POLLIN, 0}};

    for (size_t i = 0; i < desk->peers; i++)
        p[2 + i] = (struct pollfd){desk->peer[i], POLLIN, 0};
    if (poll(p, 2 + desk->peers, -1) < 0)
        return errno == EINTR;
    if (p[0].revents != 0)
        return false;
    /* From the last: dropping one puts the last in its place. */
    for (size_t i = desk->peers; i > 0; i--)
        if (p[1 + i].revents != 0)
            serve_peer(desk, i - 1);
    if (p[1].revents != 0) {
        int fd = accept4(desk->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            take_peer(desk, fd);
    }
    return true;
}

static struct tori_result serve(struct desk *desk, const struct tori_keyholder_config *config)
{
    struct tori_ctx *cx = &desk->holder.cx;

    tori_random_seed(&cx->random);
    TORI_TRY(tori_vault_open(cx, config->state_dir, config->origin, &desk->holder.vault));
    tori_arena_reset(cx->arena);
    tori_log(cx, TORI_INFO, "keyholder.started", tori_u64("size", desk->holder.vault->log.size),
             tori_u64("has_log", desk->holder.vault->has_log));
    while ((desk->listener >= 0 || desk->peers > 0) && serve_once(desk))
        continue;
    tori_log(cx, TORI_INFO, "keyholder.stopped",
             tori_u64("signatures", desk->holder.counts.signatures),
             tori_u64("keys_made", desk->holder.counts.keys_made),
             tori_u64("keys_opened", desk->holder.counts.keys_opened),
             tori_u64("refusals", desk->holder.counts.refusals));
    tori_vault_close(desk->holder.vault);
    return TORI_OK;
}

static int run(struct desk *desk, const struct tori_keyholder_config *config)
{
    struct tori_ctx *cx = &desk->holder.cx;

    desk->stop = stop_descriptor();
    if (!harden() || desk->stop < 0) {
        tori_log(cx, TORI_ERROR, "keyholder.not_hardened", tori_i64("errno", errno));
        return 1;
    }
    desk->listener = is_listening(config->socket_fd) ? config->socket_fd : -1;
    if (desk->listener < 0)
        take_peer(desk, config->socket_fd);
    struct tori_result result = serve(desk, config);
    if (TORI_FAILED(result))
        tori_log_failure(cx, TORI_ERROR, "keyholder.cannot_start");
    while (desk->peers > 0)
        drop_peer(desk, desk->peers - 1, NULL);
    if (desk->listener >= 0)
        close(desk->listener);
    close(desk->stop);
    return TORI_FAILED(result) ? TORI_EXIT_UNFIT : 0;
}

int tori_keyholder_main(const struct tori_keyholder_config *config)
{
    struct desk *desk = tori_heap_take(sizeof(*desk));

    if (desk == NULL)
        return 1;
    tori_hash_init();
    tori_aead_init();
    desk->peer_uid = config->peer_uid;
    desk->holder.cx.arena = tori_arena_new(ARENA);
    desk->holder.cx.log = tori_log_new("keyholder", TORI_INFO, STDERR_FILENO);
    int code = desk->holder.cx.arena == NULL ? 1 : run(desk, config);
    tori_arena_free(desk->holder.cx.arena);
    tori_log_free(desk->holder.cx.log);
    tori_wipe(desk, sizeof(*desk));
    tori_heap_free(desk);
    return code;
}
