#include "service/post.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/secret.h"

enum { CONNECT_EVERY_MS = 250, LOOK_EVERY_MS = 1000, IN_FLIGHT_MAX = 1024, ARENA = 64 * 1024 };

/* A parcel that has no result yet. */
struct entry {
    struct tori_id job;
    struct tori_id customer;
    int64_t until_ms; /* steady */
    bool sent;        /* on the connection of now */
    size_t len;
    uint8_t packet[];
};

struct tori_post {
    struct tori_post_config config;
    pthread_t thread;
    pthread_mutex_t mutex; /* over everything below */
    int fd;                /* -1: no courier; changed by the thread alone */
    int64_t next_call_ms;  /* the thread's own: a courier that hangs up is not called in a loop */
    int wake_fd;
    bool closing;
    struct entry **entry;
    size_t count;
};

static void forget(struct entry *entry)
{
    tori_wipe(entry->packet, entry->len); /* a letter has its secret in it */
    tori_heap_free(entry);
}

/* With the mutex held; the entry is the caller's then. NULL: nobody waits for this job. */
static struct entry *take_out(struct tori_post *post, const struct tori_id *job)
{
    for (size_t i = 0; i < post->count; i++)
        if (tori_id_eq(&post->entry[i]->job, job)) {
            struct entry *found = post->entry[i];
            post->entry[i] = post->entry[--post->count];
            return found;
        }
    return NULL;
}

static bool holds(const struct tori_post *post, const struct tori_id *job)
{
    for (size_t i = 0; i < post->count; i++)
        if (tori_id_eq(&post->entry[i]->job, job))
            return true;
    return false;
}

static void hang_up(struct tori_post *post)
{
    pthread_mutex_lock(&post->mutex);
    if (post->fd >= 0)
        close(post->fd);
    post->fd = -1;
    for (size_t i = 0; i < post->count; i++)
        post->entry[i]->sent = false;
    pthread_mutex_unlock(&post->mutex);
}

static void call(struct tori_ctx *cx, struct tori_post *post)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct tori_str path = tori_str_z(post->config.socket_path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return;
    memcpy(to.sun_path, path.at, path.len);
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
        close(fd);
        return;
    }
    pthread_mutex_lock(&post->mutex);
    post->fd = fd;
    pthread_mutex_unlock(&post->mutex);
    tori_log(cx, TORI_INFO, "post.connected");
}

/* Sends what is not sent yet. False when the courier has gone. *full: the rest must wait for
 * room. */
static bool send_entries(struct tori_post *post, bool *full)
{
    bool there = true;

    *full = false;
    pthread_mutex_lock(&post->mutex);
    for (size_t i = 0; i < post->count && there && !*full; i++) {
        struct entry *entry = post->entry[i];
        if (entry->sent)
            continue;
        ssize_t n = send(post->fd, entry->packet, entry->len, MSG_NOSIGNAL | MSG_DONTWAIT);
        entry->sent = n == (ssize_t)entry->len;
        *full = n < 0 && (errno == EAGAIN || errno == ENOBUFS);
        there = entry->sent || *full;
    }
    pthread_mutex_unlock(&post->mutex);
    return there;
}

static void hand_back(struct tori_post *post, struct entry *entry,
                      const struct tori_parcel_result *result)
{
    post->config.result(post->config.owner, &entry->customer, result);
    forget(entry);
}

/* One result. False when the courier has gone or says what it must not. */
static bool read_result(struct tori_ctx *cx, struct tori_post *post)
{
    uint8_t packet[TORI_PARCEL_RESULT_SIZE + 1];
    ssize_t n = recv(post->fd, packet, sizeof(packet), MSG_DONTWAIT);
    struct tori_parcel_result result;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0)
        return false;
    if (TORI_FAILED(tori_parcel_result_read(cx, (struct tori_bytes){packet, (size_t)n}, &result))) {
        tori_log_failure(cx, TORI_ERROR, "post.bad_result");
        return false;
    }
    pthread_mutex_lock(&post->mutex);
    struct entry *entry = take_out(post, &result.job);
    pthread_mutex_unlock(&post->mutex);
    if (entry != NULL)
        hand_back(post, entry, &result);
    return true;
}

static struct entry *take_late(struct tori_post *post, int64_t now_ms)
{
    struct entry *late = NULL;

    pthread_mutex_lock(&post->mutex);
    for (size_t i = 0; i < post->count && late == NULL; i++)
        if (post->entry[i]->until_ms <= now_ms)
            late = take_out(post, &post->entry[i]->job);
    pthread_mutex_unlock(&post->mutex);
    return late;
}

static void give_up_late(struct tori_post *post)
{
    struct entry *late;

    while ((late = take_late(post, tori_clock_steady_ms())) != NULL) {
        struct tori_parcel_result result = {.job = late->job, .outcome = TORI_PARCEL_TEMPORARY};
        hand_back(post, late, &result);
    }
}

static void step(struct tori_ctx *cx, struct tori_post *post)
{
    uint64_t ignored;
    bool full = false;

    if (post->fd < 0 && tori_clock_steady_ms() >= post->next_call_ms) {
        post->next_call_ms = tori_clock_steady_ms() + CONNECT_EVERY_MS;
        call(cx, post);
    }
    if (post->fd >= 0 && !send_entries(post, &full))
        hang_up(post);
    short wanted = full ? POLLIN | POLLOUT : POLLIN;
    struct pollfd fds[] = {{.fd = post->fd, .events = wanted},
                           {.fd = post->wake_fd, .events = POLLIN}};
    if (poll(fds, 2, post->fd < 0 ? CONNECT_EVERY_MS : LOOK_EVERY_MS) < 0)
        return;
    if (fds[1].revents != 0)
        (void)!read(post->wake_fd, &ignored, sizeof(ignored));
    if (post->fd >= 0 && (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) &&
        !read_result(cx, post)) {
        tori_log(cx, TORI_WARN, "post.lost");
        hang_up(post);
    }
    give_up_late(post);
}

static bool is_closing(struct tori_post *post)
{
    pthread_mutex_lock(&post->mutex);
    bool closing = post->closing;
    pthread_mutex_unlock(&post->mutex);
    return closing;
}

static void *post_main(void *owner)
{
    struct tori_post *post = owner;
    struct tori_ctx cx = {.log = post->config.log, .arena = tori_arena_new(ARENA)};

    while (!is_closing(post)) {
        step(&cx, post);
        tori_arena_reset(cx.arena);
    }
    hang_up(post);
    tori_arena_free(cx.arena);
    return NULL;
}

static void wake(const struct tori_post *post)
{
    uint64_t one = 1;
    (void)!write(post->wake_fd, &one, sizeof(one));
}

struct tori_result tori_post_new(struct tori_ctx *cx, const struct tori_post_config *config,
                                 struct tori_post **out)
{
    struct sockaddr_un to;
    struct tori_post *post;

    if (tori_str_z(config->socket_path).len >= sizeof(to.sun_path) || config->in_flight < 1 ||
        config->in_flight > IN_FLIGHT_MAX || config->answer_ms < 1)
        return TORI_FAIL(cx, SETTING_BAD);
    post = tori_heap_take(sizeof(*post));
    if (post == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    post->config = *config;
    post->fd = -1;
    post->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    post->entry = tori_heap_take(config->in_flight * sizeof(*post->entry));
    pthread_mutex_init(&post->mutex, NULL);
    if (post->entry == NULL || post->wake_fd < 0 ||
        pthread_create(&post->thread, NULL, post_main, post) != 0) {
        if (post->wake_fd >= 0)
            close(post->wake_fd);
        tori_heap_free(post->entry);
        tori_heap_free(post);
        return TORI_FAIL(cx, NO_MEMORY);
    }
    *out = post;
    return TORI_OK;
}

void tori_post_free(struct tori_post *post)
{
    if (post == NULL)
        return;
    pthread_mutex_lock(&post->mutex);
    post->closing = true;
    pthread_mutex_unlock(&post->mutex);
    wake(post);
    pthread_join(post->thread, NULL);
    for (size_t i = 0; i < post->count; i++)
        forget(post->entry[i]);
    pthread_mutex_destroy(&post->mutex);
    close(post->wake_fd);
    tori_heap_free(post->entry);
    tori_heap_free(post);
}

/* With the mutex held. False: no room. */
static bool take_in(struct tori_post *post, struct entry *entry)
{
    if (post->fd < 0 || post->count == post->config.in_flight)
        return false;
    post->entry[post->count++] = entry;
    return true;
}

struct tori_result tori_post_send(struct tori_ctx *cx, struct tori_post *post,
                                  const struct tori_id *customer, const struct tori_parcel *parcel)
{
    struct tori_bytes packet;
    struct entry *entry;

    TORI_TRY(tori_parcel_write(cx, parcel, &packet));
    entry = tori_heap_take(sizeof(*entry) + packet.len);
    if (entry == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    entry->job = parcel->job;
    entry->customer = *customer;
    entry->until_ms = tori_clock_steady_ms() + post->config.answer_ms;
    entry->len = packet.len;
    memcpy(entry->packet, packet.at, packet.len);

    pthread_mutex_lock(&post->mutex);
    bool known = holds(post, &entry->job);
    bool taken = !known && take_in(post, entry);
    pthread_mutex_unlock(&post->mutex);
    if (!taken)
        forget(entry);
    else
        wake(post);
    return known || taken ? TORI_OK : TORI_FAIL(cx, BUSY);
}

size_t tori_post_room(struct tori_post *post)
{
    pthread_mutex_lock(&post->mutex);
    size_t room = post->fd < 0 ? 0 : post->config.in_flight - post->count;
    pthread_mutex_unlock(&post->mutex);
    return room;
}
