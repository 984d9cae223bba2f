/* The bytes of one connection: PROXY header, TLS, plain text in; answers out; a gentle end. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/reactor_int.h"

static struct link *link_of(struct tori_conn *conn)
{
    return (struct link *)(void *)conn;
}

static const struct tori_server_limits *limits(const struct reactor *r)
{
    return &r->edge.server->config.limits;
}

/* Unlinked and freed once libuv has let go of the socket. */
static void on_link_closed(uv_handle_t *handle)
{
    struct link *link = handle->data;
    struct reactor *r = link->reactor;

    if (link->prev != NULL)
        link->prev->next = link->next;
    else
        r->links = link->next;
    if (link->next != NULL)
        link->next->prev = link->prev;
    tori_tls_free(link->tls);
    tori_conn_free(&link->conn);
    tori_heap_free(link->preface);
    tori_heap_free(link);
    tori_count(&r->edge, TORI_COUNT_CLOSED);
    atomic_fetch_sub(&r->edge.server->connections, 1);
}

static void close_link(struct link *link)
{
    if (link->closing)
        return;
    link->closing = true;
    tori_conn_end(&link->conn);
    uv_close(&link->socket.handle, on_link_closed);
}

struct write {
    uv_write_t request;
    struct link *link;
    size_t len;
    uint8_t at[];
};

/* The last answer is with the kernel. */
static void all_sent(struct link *link)
{
    link->linger_deadline_ms = link->conn.edge->now_ms + limits(link->reactor)->linger_ms;
    if (link->conn.eof)
        close_link(link);
}

static void on_written(uv_write_t *request, int status)
{
    struct write *write = request->data;
    struct link *link = write->link;

    link->queued -= write->len;
    tori_wipe(write->at, write->len);
    tori_heap_free(write);
    if (link->closing)
        return;
    if (status < 0) {
        close_link(link);
        return;
    }
    if (link->queued > 0)
        return;
    link->write_deadline_ms = INT64_MAX;
    tori_reactor_awake(link->reactor);
    if (link->ending)
        all_sent(link);
    else
        tori_conn_drained(&link->conn);
}

/* Keeps a copy of what the kernel did not take. */
static bool queue(struct link *link, const uv_buf_t *bufs, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += bufs[i].len;
    struct write *write = tori_heap_take(sizeof(*write) + len);
    if (write == NULL)
        return false;

    write->link = link;
    write->request.data = write;
    for (size_t i = 0; i < n; i++) {
        memcpy(write->at + write->len, bufs[i].base, bufs[i].len);
        write->len += bufs[i].len;
    }
    uv_buf_t all = uv_buf_init((char *)write->at, (unsigned)len);
    if (uv_write(&write->request, &link->socket.stream, &all, 1, on_written) != 0) {
        tori_heap_free(write);
        return false;
    }
    link->queued += len;
    if (link->write_deadline_ms == INT64_MAX)
        link->write_deadline_ms = link->conn.edge->now_ms + limits(link->reactor)->write_ms;
    return true;
}

/* False when the connection is lost. */
static bool put_raw(struct link *link, uv_buf_t *bufs, size_t n)
{
    size_t taken = 0;

    if (link->queued == 0) {
        int result = uv_try_write(&link->socket.stream, bufs, (unsigned)n);
        if (result < 0 && result != UV_EAGAIN)
            return false;
        taken = result < 0 ? 0 : (size_t)result;
    }
    for (; n > 0 && taken >= bufs->len; n--, bufs++)
        taken -= bufs->len;
    if (n == 0)
        return true;
    bufs->base += taken;
    bufs->len -= taken;
    return queue(link, bufs, n);
}

/* Sends what TLS has left in the reactor's buffer. */
static bool flush_tls(struct link *link)
{
    struct tori_tls_out *out = &link->reactor->out;
    uv_buf_t buf = uv_buf_init((char *)out->at, (unsigned)out->len);
    bool ok = out->len == 0 || put_raw(link, &buf, 1);

    out->len = 0;
    return ok;
}

/* One record instead of two where the answer fits in one. */
static bool put_tls(struct link *link, struct tori_bytes head, struct tori_bytes body)
{
    uint8_t both[READ_ROOM];

    if (head.len + body.len > sizeof(both))
        return tori_tls_write(link->tls, head) && tori_tls_write(link->tls, body) &&
               flush_tls(link);
    memcpy(both, head.at, head.len);
    if (body.len > 0)
        memcpy(both + head.len, body.at, body.len);
    bool ok = tori_tls_write(link->tls, (struct tori_bytes){both, head.len + body.len});
    tori_wipe(both, head.len + body.len);
    return ok && flush_tls(link);
}

static uv_buf_t buf_of(struct tori_bytes b)
{
    /* libuv's buffers are for both directions; writing does not change them. */
    return (uv_buf_t){.base = (char *)(uintptr_t)b.at, .len = b.len};
}

static bool on_send(struct tori_conn *conn, struct tori_bytes head, struct tori_bytes body)
{
    struct link *link = link_of(conn);
    uv_buf_t bufs[2] = {buf_of(head), buf_of(body)};
    bool ok =
        link->tls != NULL ? put_tls(link, head, body) : put_raw(link, bufs, body.len > 0 ? 2 : 1);

    if (!ok)
        close_link(link);
    return ok && link->queued == 0;
}

static void on_shut(uv_shutdown_t *request, int status)
{
    struct link *link = request->handle->data;

    if (status < 0 && !link->closing)
        close_link(link);
}

/* The last answer must arrive even if the client is still sending: closing with unread bytes would
 * make the kernel tear it up. So: say that no more will come, and listen for a while. */
static void on_finish(struct tori_conn *conn)
{
    struct link *link = link_of(conn);

    if (link->ending || link->closing)
        return;
    link->ending = true;
    link->linger_deadline_ms = conn->edge->now_ms + limits(link->reactor)->linger_ms;
    if (link->tls != NULL) {
        tori_tls_bye(link->tls);
        if (!flush_tls(link)) {
            close_link(link);
            return;
        }
    }
    if (conn->eof && link->queued == 0) {
        close_link(link);
        return;
    }
    if (uv_shutdown(&link->shutdown, &link->socket.stream, on_shut) != 0)
        close_link(link);
}

static const struct tori_conn_ops ops = {.send = on_send, .finish = on_finish};

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *out)
{
    struct link *link = handle->data;

    (void)hint;
    *out = uv_buf_init((char *)link->reactor->in, READ_ROOM);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void set_reading(struct link *link)
{
    bool wanted = !tori_conn_is_full(&link->conn);

    if (link->closing || wanted == link->reading)
        return;
    link->reading = wanted;
    if (!wanted)
        uv_read_stop(&link->socket.stream);
    else if (uv_read_start(&link->socket.stream, on_alloc, on_read) != 0)
        close_link(link);
}

static void on_handshake(struct link *link)
{
    tori_count(&link->reactor->edge, TORI_COUNT_TLS_OK);
    if (link->conn.site->config->role == TORI_LISTENER_CHANNEL)
        link->conn.has_certificate = tori_tls_client_key(link->tls, &link->conn.certificate_key);
}

static void take_tls(struct link *link, struct tori_bytes in)
{
    struct reactor *r = link->reactor;
    bool was_ready = tori_tls_ready(link->tls);
    enum tori_tls_state state = TORI_TLS_DATA;

    tori_tls_give(link->tls, in);
    while (state == TORI_TLS_DATA && !link->closing) {
        size_t n = 0;
        state = tori_tls_read(link->tls, r->plain, sizeof(r->plain), &n);
        if (!was_ready && tori_tls_ready(link->tls)) {
            was_ready = true;
            on_handshake(link);
        }
        if (!flush_tls(link)) {
            close_link(link);
            return;
        }
        if (state == TORI_TLS_DATA && !link->ending)
            tori_conn_input(&link->conn, (struct tori_bytes){r->plain, n});
    }
    if (link->closing || state == TORI_TLS_WANT)
        return;
    if (state == TORI_TLS_FAILED) {
        if (!was_ready)
            tori_count(&r->edge, TORI_COUNT_TLS_FAILED);
        link->conn.eof = true;
        close_link(link);
        return;
    }
    tori_conn_eof(&link->conn);
}

static void take_plain(struct link *link, struct tori_bytes in)
{
    if (link->tls != NULL)
        take_tls(link, in);
    else if (!link->ending)
        tori_conn_input(&link->conn, in);
}

/* The client is known: requests may begin. */
static bool begin(struct link *link)
{
    link->begun = true;
    if (tori_conn_begin(&link->conn))
        return true;
    close_link(link);
    return false;
}

/* Bytes before the first: whom does the proxy speak for? */
static void take_preface(struct link *link, struct tori_bytes in)
{
    size_t used = 0;

    if (link->preface == NULL)
        link->preface = tori_heap_take(TORI_PROXY_CAP + READ_ROOM);
    if (link->preface == NULL) {
        close_link(link);
        return;
    }
    memcpy(link->preface + link->preface_len, in.at, in.len);
    link->preface_len += in.len;
    switch (tori_proxy_read((struct tori_bytes){link->preface, link->preface_len}, &used,
                            &link->conn.peer)) {
    case TORI_PROXY_MORE:
        if (link->preface_len >= TORI_PROXY_CAP)
            close_link(link);
        return;
    case TORI_PROXY_BAD:
        tori_count(&link->reactor->edge, TORI_COUNT_TURNED_AWAY_PEER);
        close_link(link);
        return;
    case TORI_PROXY_DONE:
        break;
    }
    if (begin(link) && link->preface_len > used)
        take_plain(link, (struct tori_bytes){link->preface + used, link->preface_len - used});
    tori_heap_free(link->preface);
    link->preface = NULL;
}

/* After the client's end nothing is read; what is in flight is still answered. */
static void on_end(struct link *link, ssize_t why)
{
    if (why != UV_EOF || !link->begun || (link->ending && link->queued == 0)) {
        close_link(link);
        return;
    }
    link->conn.eof = true;
    if (!link->ending)
        tori_conn_eof(&link->conn);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct link *link = stream->data;

    if (link->closing || n == 0)
        return;
    tori_reactor_awake(link->reactor);
    if (n < 0) {
        on_end(link, n);
        return;
    }
    struct tori_bytes in = {(const uint8_t *)buf->base, (size_t)n};
    if (link->begun)
        take_plain(link, in);
    else
        take_preface(link, in);
    set_reading(link);
}

static bool is_proxy(const struct tori_site *site, const struct tori_addr *peer)
{
    for (size_t i = 0; i < site->peer_count; i++)
        if (tori_net_holds(&site->peer[i], peer))
            return true;
    return false;
}

/* The mode of a Unix socket lets in its user and root; this asks the kernel again. */
static bool is_own_user(const struct link *link)
{
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t len = sizeof(who);
    uv_os_fd_t fd;

    return uv_fileno(&link->socket.handle, &fd) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
           (who.uid == geteuid() || who.uid == 0);
}

/* Who is at the other end, and is he welcome? Counts why not. */
static bool admit(struct link *link)
{
    struct tori_edge *edge = &link->reactor->edge;
    struct tori_site *site = link->conn.site;
    struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
    int len = sizeof(at);

    if (site->local) {
        link->conn.peer = (struct tori_addr){.local = true};
        if (!is_own_user(link)) {
            tori_count(edge, TORI_COUNT_TURNED_AWAY_PEER);
            return false;
        }
    } else if (uv_tcp_getpeername(&link->socket.tcp, (struct sockaddr *)&at, &len) != 0 ||
               !tori_addr_from_socket(&at, &link->conn.peer)) {
        return false;
    }
    bool proxy = is_proxy(site, &link->conn.peer);
    link->conn.peer_is_proxy = proxy && site->config->forwarded_header != NULL;
    if (atomic_load(&edge->server->connections) > limits(link->reactor)->connections) {
        tori_count(edge, TORI_COUNT_TURNED_AWAY_FULL);
        return false;
    }
    if (site->config->proxy_protocol) {
        if (!proxy)
            tori_count(edge, TORI_COUNT_TURNED_AWAY_PEER);
        return proxy;
    }
    return begin(link);
}

void tori_link_open(struct link *link)
{
    struct tori_site *site = link->conn.site;

    link->conn.ops = &ops;
    if (!admit(link)) {
        close_link(link);
        return;
    }
    if (!site->local)
        (void)uv_tcp_nodelay(&link->socket.tcp, 1);
    if (site->tls != NULL)
        link->tls = tori_tls_new(site->tls, &link->reactor->out);
    if (site->tls != NULL && link->tls == NULL) {
        close_link(link);
        return;
    }
    set_reading(link);
}

void tori_link_close(struct link *link)
{
    close_link(link);
}

void tori_link_tick(struct link *link)
{
    int64_t now_ms = link->conn.edge->now_ms;

    if (link->closing)
        return;
    if (now_ms >= link->write_deadline_ms || (!link->begun && now_ms >= link->conn.deadline_ms)) {
        close_link(link);
        return;
    }
    if (link->ending) {
        if (link->queued == 0 && now_ms >= link->linger_deadline_ms)
            close_link(link);
        return;
    }
    if (now_ms >= link->conn.deadline_ms)
        tori_conn_expire(&link->conn);
}
