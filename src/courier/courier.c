#include "courier/courier.h"

#include <curl/curl.h>
#include <errno.h>
#include <gmime/gmime.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/secret.h"
#include "courier/courier_int.h"

enum {
    PEERS = 4,        /* net, its successor after a restart, and room for one that hangs */
    FINISH_MS = 5000, /* for what is under way at the end */
    ARENA = 512 * 1024,
    AT_LISTEN = PEERS, /* in the list for poll, after the peers */
    AT_SIGNAL,
    AT_WAKE,
    POLLED,
};

enum parcel_state { FREE, WAITING, CARRIED };

/* A parcel in the house: at most as many as there are carriers. */
struct slot {
    enum parcel_state state;
    struct tori_id job;
    int peer; /* who gets the result; -1: he is gone */
    size_t len;
    uint8_t packet[TORI_PARCEL_MAX];
};

struct house {
    struct tori_courier courier;
    int peer[PEERS]; /* -1: nobody */
    int signal_fd;
    int wake_fd; /* a slot has become free */
    pthread_mutex_t mutex;
    pthread_cond_t work;
    bool closing;
    struct slot slot[TORI_COURIER_PARALLEL_MAX];
    pthread_t carrier[TORI_COURIER_PARALLEL_MAX];
    int carriers;
};

static void log_result(struct tori_ctx *cx, const struct tori_parcel_result *result)
{
    char text[TORI_PARCEL_RESULT_TEXT];

    tori_parcel_result_text(result, text);
    tori_log(cx, result->outcome == TORI_PARCEL_DELIVERED ? TORI_INFO : TORI_WARN,
             result->outcome == TORI_PARCEL_DELIVERED ? "courier.delivered"
                                                      : "courier.not_delivered",
             tori_hex("job", tori_id_bytes(&result->job)),
             tori_i64("outcome", (int64_t)result->outcome), tori_text("at", tori_str_z(text)));
}

/* Carries one parcel as far as it goes. */
static void carry(struct tori_ctx *cx, struct house *house, struct tori_smtp *smtp,
                  const struct slot *slot, struct tori_parcel_result *out)
{
    struct tori_bytes packet = {slot->packet, slot->len};
    struct tori_bytes message;
    struct tori_parcel parcel;

    *out = (struct tori_parcel_result){.job = slot->job, .outcome = TORI_PARCEL_TEMPORARY};
    if (TORI_FAILED(tori_parcel_read(cx, packet, &parcel)))
        return;
    if (parcel.kind == TORI_PARCEL_LETTER) {
        out->step = TORI_PARCEL_AT_SPOOL;
        if (TORI_FAILED(tori_letter_write(cx, house->courier.config->spool, &parcel)))
            tori_log_failure(cx, TORI_ERROR, "courier.spool");
        else
            out->outcome = TORI_PARCEL_DELIVERED;
        return;
    }
    if (TORI_FAILED(tori_mime_build(cx, house->courier.config, &parcel, &message)))
        tori_log_failure(cx, TORI_ERROR, "courier.mime");
    else
        tori_smtp_send(smtp, &parcel, message, out);
}

static struct slot *next_waiting(struct house *house)
{
    for (size_t i = 0; i < TORI_COURIER_PARALLEL_MAX; i++)
        if (house->slot[i].state == WAITING)
            return &house->slot[i];
    return NULL;
}

/* A result that cannot be sent is lost on purpose: net asks again for what it has no result of. */
static void give_back(struct house *house, struct slot *slot,
                      const struct tori_parcel_result *result)
{
    uint8_t packet[TORI_PARCEL_RESULT_SIZE];
    uint64_t one = 1;

    tori_parcel_result_write(result, packet);
    if (slot->peer >= 0)
        (void)!send(house->peer[slot->peer], packet, sizeof(packet), MSG_NOSIGNAL | MSG_DONTWAIT);
    tori_wipe(slot->packet, slot->len);
    slot->state = FREE;
    (void)!write(house->wake_fd, &one, sizeof(one));
}

static void *carrier_main(void *owner)
{
    struct house *house = owner;
    struct tori_smtp *smtp = tori_smtp_new(&house->courier);
    struct tori_ctx cx = {.arena = tori_arena_new(ARENA), .log = house->courier.config->log};

    pthread_mutex_lock(&house->mutex);
    while (smtp != NULL && cx.arena != NULL) {
        struct slot *slot = next_waiting(house);
        struct tori_parcel_result result;
        if (house->closing)
            break;
        if (slot == NULL) {
            pthread_cond_wait(&house->work, &house->mutex);
            continue;
        }
        slot->state = CARRIED;
        pthread_mutex_unlock(&house->mutex);
        tori_failpoint("courier.begun");
        carry(&cx, house, smtp, slot, &result);
        tori_failpoint("courier.carried");
        log_result(&cx, &result);
        tori_arena_reset(cx.arena);
        pthread_mutex_lock(&house->mutex);
        give_back(house, slot, &result);
    }
    pthread_mutex_unlock(&house->mutex);
    tori_arena_free(cx.arena);
    tori_smtp_free(smtp);
    return NULL;
}

static void drop_peer(struct house *house, int which)
{
    pthread_mutex_lock(&house->mutex);
    close(house->peer[which]);
    house->peer[which] = -1;
    for (size_t i = 0; i < TORI_COURIER_PARALLEL_MAX; i++)
        if (house->slot[i].peer == which)
            house->slot[i].peer = -1;
    pthread_mutex_unlock(&house->mutex);
}

static void accept_peer(struct tori_ctx *cx, struct house *house)
{
    int fd = accept4(house->courier.config->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct ucred cred;
    socklen_t len = sizeof(cred);
    int which = 0;

    if (fd < 0)
        return;
    while (which < PEERS && house->peer[which] >= 0)
        which++;
    if (which == PEERS || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 ||
        cred.uid != house->courier.config->peer_uid) {
        tori_log(cx, TORI_WARN, "courier.peer_refused");
        close(fd);
        return;
    }
    house->peer[which] = fd;
}

static struct slot *slot_of(struct house *house, const struct tori_id *job)
{
    for (size_t i = 0; i < TORI_COURIER_PARALLEL_MAX; i++)
        if (house->slot[i].state != FREE && tori_id_eq(&house->slot[i].job, job))
            return &house->slot[i];
    return NULL;
}

static struct slot *free_slot(struct house *house)
{
    for (int i = 0; i < house->carriers; i++)
        if (house->slot[i].state == FREE)
            return &house->slot[i];
    return NULL;
}

static void take_in(struct house *house, int which, const struct tori_parcel *parcel,
                    struct tori_bytes packet)
{
    pthread_mutex_lock(&house->mutex);
    struct slot *slot = slot_of(house, &parcel->job);
    if (slot == NULL) {
        slot = free_slot(house);
        slot->state = WAITING;
        slot->job = parcel->job;
        memcpy(slot->packet, packet.at, packet.len);
        slot->len = packet.len;
        pthread_cond_signal(&house->work);
    }
    slot->peer = which; /* whoever asked last is who waits */
    pthread_mutex_unlock(&house->mutex);
}

/* One packet of one peer; a stray byte ends his connection. */
static void read_peer(struct tori_ctx *cx, struct house *house, int which)
{
    uint8_t packet[TORI_PARCEL_MAX + 1];
    ssize_t n = recv(house->peer[which], packet, sizeof(packet), 0);
    struct tori_parcel parcel;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        drop_peer(house, which);
        return;
    }
    struct tori_bytes bytes = {packet, (size_t)n};
    if (TORI_FAILED(tori_parcel_read(cx, bytes, &parcel))) {
        tori_log_failure(cx, TORI_ERROR, "courier.bad_parcel");
        drop_peer(house, which);
        return;
    }
    take_in(house, which, &parcel, bytes);
    tori_wipe(packet, (size_t)n);
}

static bool has_room(struct house *house)
{
    pthread_mutex_lock(&house->mutex);
    bool room = free_slot(house) != NULL;
    pthread_mutex_unlock(&house->mutex);
    return room;
}

/* Waits for something and does one piece of it; false at the end. Parcels stay in the socket while
 * all carriers are busy: that is what slows net down. */
static bool step(struct tori_ctx *cx, struct house *house)
{
    struct pollfd fds[POLLED];
    bool room = has_room(house);
    uint64_t ignored;

    for (int i = 0; i < PEERS; i++)
        fds[i] = (struct pollfd){.fd = house->peer[i], .events = room ? POLLIN : 0};
    fds[AT_LISTEN] = (struct pollfd){.fd = house->courier.config->listen_fd, .events = POLLIN};
    fds[AT_SIGNAL] = (struct pollfd){.fd = house->signal_fd, .events = POLLIN};
    fds[AT_WAKE] = (struct pollfd){.fd = house->wake_fd, .events = POLLIN};
    if (poll(fds, POLLED, -1) < 0)
        return errno == EINTR;
    if (fds[AT_SIGNAL].revents != 0)
        return false;
    if (fds[AT_WAKE].revents != 0)
        (void)!read(house->wake_fd, &ignored, sizeof(ignored));
    for (int i = 0; i < PEERS; i++) {
        if ((fds[i].revents & POLLIN) && has_room(house))
            read_peer(cx, house, i);
        else if (fds[i].revents & (POLLHUP | POLLERR))
            drop_peer(house, i);
    }
    if (fds[AT_LISTEN].revents & POLLIN)
        accept_peer(cx, house);
    tori_arena_reset(cx->arena);
    return true;
}

static bool carrying(struct house *house)
{
    bool any = false;

    pthread_mutex_lock(&house->mutex);
    for (size_t i = 0; i < TORI_COURIER_PARALLEL_MAX; i++)
        any = any || house->slot[i].state == CARRIED;
    pthread_mutex_unlock(&house->mutex);
    return any;
}

/* What is being carried may end; what waits stays with net, which has no result for it. */
static void close_house(struct house *house)
{
    int64_t end = tori_clock_steady_ms() + FINISH_MS;

    pthread_mutex_lock(&house->mutex);
    house->closing = true;
    pthread_cond_broadcast(&house->work);
    pthread_mutex_unlock(&house->mutex);
    while (carrying(house) && tori_clock_steady_ms() < end)
        poll(NULL, 0, 20);
    atomic_store(&house->courier.hurry, true);
    for (int i = 0; i < house->carriers; i++)
        pthread_join(house->carrier[i], NULL);
    for (int i = 0; i < PEERS; i++)
        if (house->peer[i] >= 0)
            close(house->peer[i]);
}

/* Signals come as something to read; threads made after this do not see them. */
static bool open_house(struct house *house)
{
    sigset_t ends;

    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    if (pthread_sigmask(SIG_BLOCK, &ends, NULL) != 0)
        return false;
    house->signal_fd = signalfd(-1, &ends, SFD_CLOEXEC);
    house->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    for (int i = 0; i < PEERS; i++)
        house->peer[i] = -1;
    if (house->signal_fd < 0 || house->wake_fd < 0 ||
        pthread_mutex_init(&house->mutex, NULL) != 0 || pthread_cond_init(&house->work, NULL) != 0)
        return false;
    while (house->carriers < house->courier.config->parallel &&
           pthread_create(&house->carrier[house->carriers], NULL, carrier_main, house) == 0)
        house->carriers++;
    return house->carriers > 0;
}

static bool is_loopback(const char *host)
{
    return tori_str_starts(tori_str_z(host), TORI_STR("127.")) ||
           tori_str_eq(tori_str_z(host), TORI_STR("[::1]"));
}

/* The setting that cannot work, or NULL. */
static const char *fault_of(const struct tori_courier_config *c)
{
    char address[256];
    int n = snprintf(address, sizeof(address), "x@%s", c->id_domain);

    if (n < 0 || (size_t)n >= sizeof(address) || !tori_mail_address_ok(tori_str_z(address)))
        return "id_domain";
    if (!tori_mail_address_ok(tori_str_z(c->from_address)))
        return "from_address";
    if (strlen(c->from_name) > 128 || (c->from_name_en != NULL && strlen(c->from_name_en) > 128))
        return "from_name";
    /* Without TLS a letter opener on the way reads everything, the login first. */
    if (c->tls == TORI_COURIER_PLAIN && (!is_loopback(c->smtp_host) || c->login_file != NULL))
        return "tls";
    if (c->smtp_port < 1 || c->smtp_port > 65535)
        return "smtp_port";
    if (c->parallel < 1 || c->parallel > TORI_COURIER_PARALLEL_MAX)
        return "parallel";
    return c->connect_ms < 1 || c->total_ms < c->connect_ms ? "total_ms" : NULL;
}

static bool take_line(struct tori_str *rest, char out[static LOGIN_MAX])
{
    size_t n = 0;

    while (n < rest->len && rest->at[n] != '\n')
        n++;
    if (n == 0 || n >= LOGIN_MAX)
        return false;
    memcpy(out, rest->at, n);
    out[n] = '\0';
    rest->at += n < rest->len ? n + 1 : n;
    rest->len -= n < rest->len ? n + 1 : n;
    return true;
}

static const char *prepare(struct tori_ctx *cx, struct tori_courier *courier)
{
    const struct tori_courier_config *c = courier->config;
    const char *fault = fault_of(c);
    struct tori_bytes file;
    char folder[TORI_PATH_MAX];

    if (fault != NULL)
        return fault;
    if (c->login_file != NULL) {
        if (TORI_FAILED(tori_file_read(cx, c->login_file, 2 * LOGIN_MAX, &file)))
            return "login_file";
        struct tori_str rest = tori_bytes_str(file);
        if (!take_line(&rest, courier->user) || !take_line(&rest, courier->password))
            return "login_file";
    }
    int n = snprintf(courier->url, sizeof(courier->url), "%s://%s:%d/%s",
                     c->tls == TORI_COURIER_TLS ? "smtps" : "smtp", c->smtp_host, c->smtp_port,
                     c->id_domain);
    if (n < 0 || (size_t)n >= sizeof(courier->url))
        return "smtp_host";
    n = snprintf(folder, sizeof(folder), "%s/x", c->spool);
    if (n < 0 || (size_t)n >= sizeof(folder) || TORI_FAILED(tori_file_folders(cx, folder, 0700)))
        return "spool";
    return NULL;
}

int tori_courier_main(const struct tori_courier_config *config)
{
    struct tori_ctx cx = {.arena = tori_arena_new(ARENA), .log = config->log};
    struct house *house = tori_heap_take(sizeof(*house));
    const char *fault = "memory";
    int status = TORI_EXIT_UNFIT;

    if (house != NULL && cx.arena != NULL) {
        house->courier.config = config;
        fault = prepare(&cx, &house->courier);
    }
    if (fault == NULL) {
        curl_global_init(CURL_GLOBAL_ALL);
        g_mime_init();
        fault = open_house(house) ? NULL : "threads";
    }
    if (fault == NULL) {
        tori_log(&cx, TORI_INFO, "courier.ready", tori_i64("parallel", house->carriers));
        while (step(&cx, house))
            ;
        close_house(house);
        g_mime_shutdown();
        curl_global_cleanup();
        status = 0;
    } else {
        tori_log(&cx, TORI_ERROR, "courier.setting_bad", tori_text("setting", tori_str_z(fault)));
    }
    if (house != NULL)
        tori_wipe(&house->courier, sizeof(house->courier));
    tori_heap_free(house);
    tori_arena_free(cx.arena);
    return status;
}
