/* The server: listeners, reactors, limits. It takes requests, hands commands to a pipeline and
 * sends the answers; it decides nothing.
 *
 *   tori_server_new    checks the configuration, binds, loads certificates
 *   tori_server_start  starts the reactors
 *   tori_server_stop   no new connections; requests in flight are answered; then everything closes
 *   tori_server_free
 *
 * The pipeline must run until tori_server_stop() has returned: each command is waited for. */
#ifndef TORI_HTTP_SERVER_H
#define TORI_HTTP_SERVER_H

#include "http/endpoint.h"
#include "http/limit.h"

struct tori_server;

enum { TORI_LISTENERS_MAX = 8, TORI_HOSTS_MAX = 8, TORI_PEERS_MAX = 16, TORI_REACTORS_MAX = 16 };

/* One way in. Strings and lists are kept by reference and must outlive the server. */
struct tori_listener_config {
    enum tori_listener role;
    /* Numeric, IPv6 with or without brackets; or "/path" of a Unix socket, made anew, mode 0600. */
    const char *address;
    /* 0: the kernel chooses, see tori_server_port(). */
    int port;
    /* > 2: a listening socket from the supervisor, owned by the server from here on; address and
     * port are then not looked at. */
    int inherited_fd;
    /* Exact Host values with their port, ends with NULL; others get 421. */
    const char *const *hosts;
    /* PEM chain and key; both NULL: plain, accepted on loopback only. */
    const char *cert_file;
    const char *key_file;
    /* Plain here, but browsers see https: a proxy on this machine. */
    bool https_in_front;
    /* Each connection of a peer begins with PROXY v1 or v2; others are closed at once. */
    bool proxy_protocol;
    /* This one field names the client, when a peer sent it. */
    const char *forwarded_header;
    /* The proxies: addresses or nets, ends with NULL; NULL: none. */
    const char *const *peers;
};

/* Total times, not pauses between bytes. */
struct tori_server_limits {
    int64_t head_ms;    /* from the connection, or the first byte of a later head, to its end */
    int64_t body_ms;    /* from the end of the head to the end of the body */
    int64_t idle_ms;    /* between two requests */
    int64_t write_ms;   /* until the client has taken an answer */
    int64_t linger_ms;  /* after the last answer, for bytes still on their way */
    int64_t request_ms; /* given to a command as its deadline */
    int connections;    /* in all */
    int per_address;    /* without a complete request */
    size_t body;        /* bytes */
    struct tori_rate_limit rate[TORI_RATE_COUNT];
};
/* The values of the product: 10 s, 20 s, 60 s, 10 s, 1 s, 10 s, 8192, 64, 64 KB. */
struct tori_server_limits tori_server_limits_default(void);

/* ERR_NONE: yes; otherwise why not. */
struct tori_health {
    tori_err ready;     /* may requests be sent here? */
    tori_err important; /* would important operations be decided? */
};

struct tori_server_config {
    const struct tori_listener_config *listener;
    size_t listener_count;
    int reactors; /* threads */
    struct tori_server_limits limits;
    const struct tori_endpoint_entry *endpoints; /* tori_endpoints, or a test's own */
    size_t endpoint_count;
    const struct tori_app *app;
    struct tori_log *log;
    void *arg; /* of the functions below */
    /* The way into the pipeline: tori_pipeline_submit, or a test's own. */
    void (*submit)(struct tori_pipeline *pipeline, struct tori_command *command);
    /* On a worker, first in prepare: who is it? Sets caller->channel and the like, or fails. May be
     * NULL: then only what the edge can see is checked (a cookie, a certificate, is there). */
    struct tori_result (*authenticate)(struct tori_ctx *cx, enum tori_auth auth,
                                       struct tori_caller *caller);
    /* Is this process the one that serves? Asked with every request, on a reactor: must not wait.
     * NULL: yes. Otherwise *err says why not. */
    bool (*owns)(void *arg, tori_err *err);
    /* Asked by /readyz, of whoever owns; must not wait. NULL: all is well. */
    void (*health)(void *arg, struct tori_health *out);
    /* Answers reply->err as a page of the firm's look. NULL: a plain one. */
    struct tori_result (*error_page)(struct tori_ctx *cx, struct tori_reply *reply);
};

TORI_RESULT tori_server_new(struct tori_ctx *cx, const struct tori_server_config *config,
                            struct tori_pipeline *pipeline, struct tori_server **out);
TORI_RESULT tori_server_start(struct tori_ctx *cx, struct tori_server *server);
/* Returns when all connections are closed and all commands are back; connections that have not come
 * to an end after `grace_ms` are cut. May be called once, from any thread but a reactor's. */
void tori_server_stop(struct tori_server *server, int64_t grace_ms);
void tori_server_free(struct tori_server *server);

/* Reads every certificate and key again; connections that exist go on with the old ones. A listener
 * whose files cannot be used keeps what it has. What became of each is on the log. Any thread but a
 * reactor's, between start and stop. */
void tori_server_reload(struct tori_ctx *cx, struct tori_server *server);

/* The port that listener `i` of the configuration is bound to; 0 for a Unix socket. */
int tori_server_port(const struct tori_server *server, size_t i);

/* Lines of other rooms in /metrics: called on a reactor, must not wait. At most 8, before start. */
typedef void tori_metrics_fn(void *arg, struct tori_buf *out);
void tori_server_add_metrics(struct tori_server *server, tori_metrics_fn *fn, void *arg);

#endif
