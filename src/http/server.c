#include "http/server.h"

#include <string.h>

#include "http/http_int.h"
#include "http/tls.h"

struct tori_server_limits tori_server_limits_default(void)
{
    return (struct tori_server_limits){
        .head_ms = 10 * TORI_SECOND_MS,
        .body_ms = 20 * TORI_SECOND_MS,
        .idle_ms = 60 * TORI_SECOND_MS,
        .write_ms = 10 * TORI_SECOND_MS,
        .linger_ms = TORI_SECOND_MS,
        .request_ms = 10 * TORI_SECOND_MS,
        .connections = 8192,
        .per_address = 64,
        .body = 64 * 1024,
        .rate = {[TORI_RATE_PAGE] = {120, 240},
                 [TORI_RATE_CEREMONY] = {60, 60},
                 [TORI_RATE_CODE] = {10, 6},
                 [TORI_RATE_API] = {0, 0}},
    };
}

/* What a browser puts into Origin for a page of this host. */
static struct tori_result add_host(struct tori_ctx *cx, struct tori_server *server,
                                   struct tori_site *site, const char *host)
{
    struct tori_buf buf = tori_buf_new(server->arena, 512);

    if (site->host_count == TORI_HOSTS_MAX)
        return TORI_FAIL(cx, SETTING_BAD, tori_word("listener", "too many hosts"));
    tori_buf_z(&buf, site->secure ? "https://" : "http://");
    tori_buf_z(&buf, host);
    TORI_TRY(tori_buf_done(cx, &buf));
    site->host[site->host_count] = tori_str_z(host);
    site->origin[site->host_count++] = tori_buf_text(&buf);
    return TORI_OK;
}

static struct tori_result add_peer(struct tori_ctx *cx, struct tori_site *site, const char *peer)
{
    if (site->peer_count == TORI_PEERS_MAX)
        return TORI_FAIL(cx, SETTING_BAD, tori_word("listener", "too many peers"));
    if (!tori_net_parse(tori_str_z(peer), &site->peer[site->peer_count]))
        return TORI_FAIL(cx, SETTING_BAD, tori_word("listener", "not an address or net"));
    site->peer_count++;
    return TORI_OK;
}

static struct tori_result check(struct tori_ctx *cx, const struct tori_listener_config *config)
{
    bool trusts = config->proxy_protocol || config->forwarded_header != NULL;

    if ((config->cert_file == NULL) != (config->key_file == NULL))
        return TORI_FAIL(cx, SETTING_BAD, tori_word("listener", "certificate without key"));
    if (config->hosts == NULL || config->hosts[0] == NULL)
        return TORI_FAIL(cx, SETTING_BAD, tori_word("listener", "no host"));
    if (trusts && (config->peers == NULL || config->peers[0] == NULL))
        return TORI_FAIL(cx, SETTING_BAD,
                         tori_word("listener", "a proxy is to be believed, but none named"));
    if (config->proxy_protocol && config->forwarded_header != NULL)
        return TORI_FAIL(cx, SETTING_BAD, tori_word("listener", "two ways to name the client"));
    return TORI_OK;
}

static struct tori_tls_setup tls_setup(const struct tori_listener_config *config)
{
    return (struct tori_tls_setup){config->cert_file, config->key_file,
                                   config->role == TORI_LISTENER_CHANNEL};
}

static struct tori_result add_site(struct tori_ctx *cx, struct tori_server *server, size_t i)
{
    struct tori_site *site = &server->site[i];
    const struct tori_listener_config *config = &server->config.listener[i];
    struct tori_arena *arena = cx->arena;

    site->config = config;
    site->secure = config->cert_file != NULL || config->https_in_front;
    TORI_TRY(check(cx, config));
    for (const char *const *host = config->hosts; *host != NULL; host++)
        TORI_TRY(add_host(cx, server, site, *host));
    for (const char *const *peer = config->peers; peer != NULL && *peer != NULL; peer++)
        TORI_TRY(add_peer(cx, site, *peer));
    if (config->cert_file != NULL) {
        struct tori_tls_setup setup = tls_setup(config);
        TORI_TRY(tori_tls_site_new(cx, &setup, &site->tls));
    }
    cx->arena = server->arena; /* these texts live as long as the server */
    struct tori_result result = tori_site_headers(cx, site);
    cx->arena = arena;
    TORI_TRY(result);
    return tori_site_open(cx, site, server->config.reactors);
}

static struct tori_result build(struct tori_ctx *cx, struct tori_server *server)
{
    const struct tori_server_config *config = &server->config;

    if (config->reactors < 1 || config->reactors > TORI_REACTORS_MAX ||
        config->listener_count > TORI_LISTENERS_MAX || config->submit == NULL)
        return TORI_FAIL(cx, SETTING_BAD, tori_word("server", "reactors, listeners or submit"));
    server->arena = tori_arena_new(256 * 1024);
    server->limits = tori_limits_new(config->limits.connections + 1, config->limits.per_address,
                                     config->limits.rate);
    if (server->arena == NULL || server->limits == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    for (size_t i = 0; i < config->listener_count; i++)
        TORI_TRY(add_site(cx, server, i));
    for (int i = 0; i < config->reactors; i++)
        TORI_TRY(tori_reactor_new(cx, server, (size_t)i, &server->edge[i]));
    return TORI_OK;
}

struct tori_result tori_server_new(struct tori_ctx *cx, const struct tori_server_config *config,
                                   struct tori_pipeline *pipeline, struct tori_server **out)
{
    struct tori_server *server = tori_heap_take(sizeof(*server));
    if (server == NULL)
        return TORI_FAIL(cx, NO_MEMORY);

    server->config = *config;
    server->pipeline = pipeline;
    struct tori_result result = build(cx, server);
    if (TORI_FAILED(result)) {
        tori_server_free(server);
        return result;
    }
    *out = server;
    return TORI_OK;
}

struct tori_result tori_server_start(struct tori_ctx *cx, struct tori_server *server)
{
    while (server->started < (size_t)server->config.reactors) {
        TORI_TRY(tori_reactor_start(cx, server->edge[server->started]));
        server->started++;
    }
    return TORI_OK;
}

void tori_server_stop(struct tori_server *server, int64_t grace_ms)
{
    for (size_t i = 0; i < server->started; i++)
        tori_reactor_stop(server->edge[i], grace_ms);
    for (size_t i = 0; i < server->started; i++)
        tori_reactor_join(server->edge[i]);
    server->started = 0;
}

void tori_server_free(struct tori_server *server)
{
    if (server == NULL)
        return;
    for (size_t i = 0; i < TORI_REACTORS_MAX; i++)
        if (server->edge[i] != NULL)
            tori_reactor_free(server->edge[i]);
    for (size_t i = 0; i < server->config.listener_count && i < TORI_LISTENERS_MAX; i++) {
        tori_site_close(&server->site[i]);
        tori_tls_site_free(server->site[i].tls);
    }
    tori_limits_free(server->limits);
    tori_arena_free(server->arena);
    tori_heap_free(server);
}

void tori_server_reload(struct tori_ctx *cx, struct tori_server *server)
{
    for (size_t i = 0; i < server->config.listener_count; i++) {
        const struct tori_listener_config *config = &server->config.listener[i];
        struct tori_tls_setup setup = tls_setup(config);
        if (server->site[i].tls == NULL)
            continue;
        if (TORI_FAILED(tori_tls_site_renew(cx, &setup, server->site[i].tls)))
            tori_log_failure(cx, TORI_ERROR, "tls.not_reloaded");
        else
            tori_log(cx, TORI_INFO, "tls.reloaded", tori_word("file", config->cert_file));
    }
}

int tori_server_port(const struct tori_server *server, size_t i)
{
    return server->site[i].port;
}

void tori_server_add_metrics(struct tori_server *server, tori_metrics_fn *fn, void *arg)
{
    if (server->hook_count < sizeof(server->hook) / sizeof(server->hook[0]))
        server->hook[server->hook_count++] = (struct tori_metrics_hook){fn, arg};
}
