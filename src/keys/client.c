#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "keys/message.h"

struct tori_keys {
    pthread_mutex_t mutex; /* held for one question and its answer; guards fd and number */
    int fd;                /* -1: not connected */
    uint32_t number;
    struct sockaddr_un address; /* sun_path[0] == 0: cannot connect again */
    int64_t deadline_ms;
    _Atomic int64_t last_beat_ms;
};

enum { PARTS = 4 };

struct question {
    enum tori_keys_kind kind;
    bool once; /* must not be sent again when its outcome is unknown */
    struct tori_bytes part[PARTS];
    size_t parts;
    int64_t until_ms; /* steady */
};

/* Answers may hold a key: they stay on the stack and are wiped. */
struct answer {
    uint8_t at[TORI_KEYS_ANSWER_MAX + 1];
    size_t len;
};

static void answer_wipe(struct answer *answer)
{
    tori_wipe(answer, sizeof(*answer));
}
#define ANSWER __attribute__((cleanup(answer_wipe))) struct answer

static struct tori_result keys_new(struct tori_ctx *cx, struct tori_keys **out)
{
    struct tori_keys *keys = tori_heap_take(sizeof(*keys));

    if (keys == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    pthread_mutex_init(&keys->mutex, NULL);
    keys->fd = -1;
    keys->deadline_ms = TORI_KEYS_DEADLINE_MS;
    *out = keys;
    return TORI_OK;
}

struct tori_result tori_keys_new(struct tori_ctx *cx, int socket_fd, struct tori_keys **out)
{
    struct tori_result result = keys_new(cx, out);

    if (TORI_FAILED(result))
        close(socket_fd);
    else
        (*out)->fd = socket_fd;
    return result;
}

struct tori_result tori_keys_connect(struct tori_ctx *cx, struct tori_str path,
                                     struct tori_keys **out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (path.len == 0 || path.len >= sizeof(address.sun_path))
        return TORI_FAIL(cx, SETTING_BAD, tori_word("why", "socket path"));
    memcpy(address.sun_path, path.at, path.len);
    TORI_TRY(keys_new(cx, out));
    (*out)->address = address;
    return TORI_OK;
}

void tori_keys_free(struct tori_keys *keys)
{
    if (keys == NULL)
        return;
    if (keys->fd >= 0)
        close(keys->fd);
    pthread_mutex_destroy(&keys->mutex);
    tori_heap_free(keys);
}

void tori_keys_set_deadline(struct tori_keys *keys, int64_t ms)
{
    keys->deadline_ms = ms;
}

int64_t tori_keys_last_beat_ms(const struct tori_keys *keys)
{
    return atomic_load(&keys->last_beat_ms);
}

static void disconnect(struct tori_keys *keys)
{
    if (keys->fd >= 0)
        close(keys->fd);
    keys->fd = -1;
}

static bool connected(struct tori_keys *keys)
{
    if (keys->fd >= 0)
        return true;
    if (keys->address.sun_path[0] == 0)
        return false;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    if (connect(fd, (const struct sockaddr *)&keys->address, sizeof(keys->address)) != 0) {
        close(fd);
        return false;
    }
    keys->fd = fd;
    return true;
}

static bool wait_for(const struct tori_keys *keys, short event, int64_t until_ms)
{
    struct pollfd p = {.fd = keys->fd, .events = event};

    for (;;) {
        int64_t left = until_ms - tori_clock_steady_ms();
        if (left <= 0)
            return false;
        int n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
    }
}

static bool send_question(struct tori_keys *keys, const struct question *q)
{
    uint8_t head[TORI_KEYS_HEAD] = {TORI_KEYS_VERSION, (uint8_t)q->kind};
    struct iovec part[1 + PARTS] = {{head, sizeof(head)}};
    struct msghdr message = {.msg_iov = part, .msg_iovlen = 1 + q->parts};

    tori_keys_put(head + 4, ++keys->number, 4);
    for (size_t i = 0; i < q->parts; i++) {
        part[1 + i].iov_len = q->part[i].len;
        /* sendmsg only reads; its struct has no const. */
        memcpy(&part[1 + i].iov_base, &q->part[i].at, sizeof(q->part[i].at));
    }
    for (;;) {
        if (sendmsg(keys->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return true;
        bool later = errno == EINTR || ((errno == EAGAIN || errno == EWOULDBLOCK) &&
                                        wait_for(keys, POLLOUT, q->until_ms));
        if (!later)
            return false;
    }
}

static bool receive_answer(struct tori_keys *keys, const struct question *q, struct answer *out)
{
    ssize_t n = -1;

    do {
        if (!wait_for(keys, POLLIN, q->until_ms))
            return false;
        n = recv(keys->fd, out->at, sizeof(out->at), MSG_DONTWAIT);
    } while (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK));
    if (n < TORI_KEYS_HEAD || n > TORI_KEYS_ANSWER_MAX)
        return false;
    out->len = (size_t)n;
    return out->at[0] == TORI_KEYS_VERSION && out->at[1] == q->kind &&
           out->at[2] < TORI_KEYS_STATUSES && tori_keys_get(out->at + 4, 4) == keys->number;
}

/* A connection may have died since the last question, which shows only in use: then the question
 * goes out once more on a fresh one, unless it might have been heard and must not be heard
 * twice. */
static bool converse(struct tori_keys *keys, const struct question *q, struct answer *out)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        if (!connected(keys))
            return false;
        bool sent = send_question(keys, q);
        if (sent && receive_answer(keys, q, out))
            return true;
        disconnect(keys); /* a late answer must not meet the next question */
        if ((sent && q->once) || tori_clock_steady_ms() >= q->until_ms)
            return false;
    }
    return false;
}

static struct tori_result judge(struct tori_ctx *cx, const struct answer *answer)
{
    switch ((enum tori_keys_status)answer->at[2]) {
    case TORI_KEYS_OK:
        return TORI_OK;
    case TORI_KEYS_LOG_DIFFERS:
        return TORI_FAIL(cx, LOG_DIFFERS,
                         tori_u64("keyholder_size", answer->len == TORI_KEYS_HEAD + 8
                                                        ? tori_keys_get(answer->at + 8, 8)
                                                        : 0));
    case TORI_KEYS_REFUSED:
        return TORI_FAIL(cx, NOT_PERMITTED, tori_u64("message", answer->at[1]));
    case TORI_KEYS_BUSY:
        return TORI_FAIL(cx, BUSY, tori_u64("message", answer->at[1]));
    case TORI_KEYS_FAILED:
        return TORI_FAIL(cx, KEYHOLDER_AWAY, tori_word("why", "state"));
    case TORI_KEYS_STATUSES:
        break;
    }
    return TORI_FAIL(cx, KEYHOLDER_AWAY, tori_word("why", "status"));
}

static bool lock_until(struct tori_keys *keys, int64_t ms)
{
    struct timespec until;

    tori_clock_deadline(ms, &until);
    return pthread_mutex_clocklock(&keys->mutex, CLOCK_MONOTONIC, &until) == 0;
}

static struct tori_result ask(struct tori_ctx *cx, struct tori_keys *keys, struct question *q,
                              struct answer *out)
{
    q->until_ms = tori_clock_steady_ms() + keys->deadline_ms;
    if (!lock_until(keys, keys->deadline_ms))
        return TORI_FAIL(cx, KEYHOLDER_AWAY, tori_word("why", "queue"));
    bool answered = converse(keys, q, out);
    pthread_mutex_unlock(&keys->mutex);
    if (!answered)
        return TORI_FAIL(cx, KEYHOLDER_AWAY, tori_u64("message", q->kind));
    atomic_store(&keys->last_beat_ms, tori_clock_steady_ms());
    return judge(cx, out);
}

/* The body must have exactly n bytes. */
static struct tori_result ask_fixed(struct tori_ctx *cx, struct tori_keys *keys, struct question *q,
                                    size_t n, struct answer *out)
{
    TORI_TRY(ask(cx, keys, q, out));
    if (out->len != TORI_KEYS_HEAD + n)
        return TORI_FAIL(cx, KEYHOLDER_AWAY, tori_word("why", "length"));
    return TORI_OK;
}

/* A body of `skip` fixed bytes and a text. */
static struct tori_result ask_text(struct tori_ctx *cx, struct tori_keys *keys, struct question *q,
                                   struct answer *answer, struct tori_str *out)
{
    enum { SKIP = 8 };

    TORI_TRY(ask(cx, keys, q, answer));
    if (answer->len <= TORI_KEYS_HEAD + SKIP)
        return TORI_FAIL(cx, KEYHOLDER_AWAY, tori_word("why", "length"));
    return tori_copy_str(cx,
                         (struct tori_str){(const char *)answer->at + TORI_KEYS_HEAD + SKIP,
                                           answer->len - TORI_KEYS_HEAD - SKIP},
                         out);
}

struct tori_result tori_keys_count(struct tori_ctx *cx, struct tori_keys *keys,
                                   struct tori_keys_counts *out)
{
    struct question q = {.kind = TORI_KEYS_BEAT};
    ANSWER answer;

    TORI_TRY(ask_fixed(cx, keys, &q, 40, &answer));
    const uint8_t *body = answer.at + TORI_KEYS_HEAD;
    *out = (struct tori_keys_counts){
        .log_size = tori_keys_get(body, 8),
        .signatures = tori_keys_get(body + 8, 8),
        .keys_made = tori_keys_get(body + 16, 8),
        .keys_opened = tori_keys_get(body + 24, 8),
        .refusals = tori_keys_get(body + 32, 8),
    };
    return TORI_OK;
}

struct tori_result tori_keys_beat(struct tori_ctx *cx, struct tori_keys *keys)
{
    struct tori_keys_counts counts;
    return tori_keys_count(cx, keys, &counts);
}

struct tori_result tori_keys_log_size(struct tori_ctx *cx, struct tori_keys *keys,
                                      uint64_t *size_now)
{
    struct tori_keys_counts counts;

    TORI_TRY(tori_keys_count(cx, keys, &counts));
    *size_now = counts.log_size;
    return TORI_OK;
}

struct tori_result tori_keys_data_key_new(struct tori_ctx *cx, struct tori_keys *keys,
                                          const struct tori_id *owner, struct tori_wrapped *wrapped,
                                          struct tori_key32 *plain)
{
    struct question q = {
        .kind = TORI_KEYS_DATA_KEY_NEW, .part = {tori_id_bytes(owner)}, .parts = 1};
    ANSWER answer;

    TORI_TRY(ask_fixed(cx, keys, &q, sizeof(plain->at) + TORI_KEYS_WRAPPED, &answer));
    memcpy(plain->at, answer.at + TORI_KEYS_HEAD, sizeof(plain->at));
    memcpy(wrapped->at, answer.at + TORI_KEYS_HEAD + sizeof(plain->at), TORI_KEYS_WRAPPED);
    wrapped->len = TORI_KEYS_WRAPPED;
    return TORI_OK;
}

struct tori_result tori_keys_data_key_open(struct tori_ctx *cx, struct tori_keys *keys,
                                           const struct tori_id *owner, struct tori_bytes wrapped,
                                           struct tori_key32 *plain)
{
    struct question q = {
        .kind = TORI_KEYS_DATA_KEY_OPEN, .part = {tori_id_bytes(owner), wrapped}, .parts = 2};
    ANSWER answer;

    /* Anything else would be a stray message and cost us the connection. */
    if (wrapped.len != TORI_KEYS_WRAPPED)
        return TORI_FAIL(cx, STORE_DATA, tori_u64("wrapped", wrapped.len));
    TORI_TRY(ask_fixed(cx, keys, &q, sizeof(plain->at), &answer));
    memcpy(plain->at, answer.at + TORI_KEYS_HEAD, sizeof(plain->at));
    return TORI_OK;
}

struct tori_result tori_keys_log_extend(struct tori_ctx *cx, struct tori_keys *keys,
                                        const struct tori_extension *extension,
                                        struct tori_str *checkpoint)
{
    uint8_t from[8];
    struct question q = {
        .kind = TORI_KEYS_LOG_EXTEND,
        .once = true,
        .part = {TORI_BYTES_OF(from),
                 {extension->leaf[0].at, extension->count * sizeof(extension->leaf[0])}},
        .parts = 2};
    ANSWER answer;

    if (extension->count == 0 || extension->count > TORI_EXTEND_MAX)
        return TORI_FAIL(cx, TOO_LARGE, tori_u64("leaves", extension->count));
    tori_keys_put(from, extension->from_size, sizeof(from));
    return ask_text(cx, keys, &q, &answer, checkpoint);
}

struct tori_result tori_keys_log_checkpoint(struct tori_ctx *cx, struct tori_keys *keys,
                                            uint64_t *size_now, struct tori_str *checkpoint)
{
    struct question q = {.kind = TORI_KEYS_LOG_HEAD};
    ANSWER answer;

    TORI_TRY(ask_text(cx, keys, &q, &answer, checkpoint));
    *size_now = tori_keys_get(answer.at + TORI_KEYS_HEAD, 8);
    return TORI_OK;
}

struct tori_result tori_keys_log_adopt(struct tori_ctx *cx, struct tori_keys *keys,
                                       const struct tori_adoption *adoption,
                                       struct tori_str *checkpoint)
{
    uint8_t start[16];
    struct question q = {
        .kind = TORI_KEYS_LOG_ADOPT,
        .once = true,
        .part = {TORI_BYTES_OF(start),
                 {adoption->signature, 64},
                 {(const uint8_t *)adoption->node, adoption->count * sizeof(adoption->node[0])}},
        .parts = 3};
    ANSWER answer;

    /* Anything else would be a stray message. */
    if (adoption->size == 0 || adoption->count != (size_t)__builtin_popcountll(adoption->size))
        return TORI_FAIL(cx, LOG_DIFFERS, tori_u64("frontier", adoption->count));
    tori_keys_put(start, adoption->epoch, 8);
    tori_keys_put(start + 8, adoption->size, 8);
    return ask_text(cx, keys, &q, &answer, checkpoint);
}

struct tori_result tori_keys_log_vkey(struct tori_ctx *cx, struct tori_keys *keys,
                                      struct tori_str *vkey)
{
    struct question q = {.kind = TORI_KEYS_LOG_KEY};
    ANSWER answer;

    return ask_text(cx, keys, &q, &answer, vkey);
}
