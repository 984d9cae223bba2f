#include "http/health.h"
#include "http/http_int.h"

struct row {
    enum tori_count count;
    const char *family;
    const char *label; /* NULL: none */
};

/* Rows of one family stand together, as the format wants. */
static const struct row rows[] = {
    {TORI_COUNT_ACCEPTED, "torimori_http_connections_total", NULL},
    {TORI_COUNT_TURNED_AWAY_FULL, "torimori_http_turned_away_total", "reason=\"full\""},
    {TORI_COUNT_TURNED_AWAY_ADDRESS, "torimori_http_turned_away_total", "reason=\"address\""},
    {TORI_COUNT_TURNED_AWAY_PEER, "torimori_http_turned_away_total", "reason=\"peer\""},
    {TORI_COUNT_TLS_OK, "torimori_http_tls_handshakes_total", "result=\"ok\""},
    {TORI_COUNT_TLS_FAILED, "torimori_http_tls_handshakes_total", "result=\"failed\""},
    {TORI_COUNT_HEAD_SCAN, "torimori_http_refused_total", "reason=\"bytes\""},
    {TORI_COUNT_HEAD_LARGE, "torimori_http_refused_total", "reason=\"head_large\""},
    {TORI_COUNT_HEAD_PARSE, "torimori_http_refused_total", "reason=\"head\""},
    {TORI_COUNT_HEAD_HOST, "torimori_http_refused_total", "reason=\"host\""},
    {TORI_COUNT_HEAD_SLOW, "torimori_http_refused_total", "reason=\"head_slow\""},
    {TORI_COUNT_BODY_BAD, "torimori_http_refused_total", "reason=\"body\""},
    {TORI_COUNT_BODY_SLOW, "torimori_http_refused_total", "reason=\"body_slow\""},
    {TORI_COUNT_STATUS_1XX, "torimori_http_answers_total", "class=\"1xx\""},
    {TORI_COUNT_STATUS_2XX, "torimori_http_answers_total", "class=\"2xx\""},
    {TORI_COUNT_STATUS_3XX, "torimori_http_answers_total", "class=\"3xx\""},
    {TORI_COUNT_STATUS_4XX, "torimori_http_answers_total", "class=\"4xx\""},
    {TORI_COUNT_STATUS_5XX, "torimori_http_answers_total", "class=\"5xx\""},
    {TORI_COUNT_LOST, "torimori_http_answers_lost_total", NULL},
};

static uint64_t sum(const struct tori_server *server, enum tori_count which)
{
    uint64_t n = 0;

    for (size_t i = 0; i < TORI_REACTORS_MAX && server->edge[i] != NULL; i++)
        n += atomic_load_explicit(&server->edge[i]->count[which], memory_order_relaxed);
    return n;
}

static void put_type(struct tori_buf *out, const char *family, const char *type)
{
    tori_buf_z(out, "# TYPE ");
    tori_buf_z(out, family);
    tori_buf_z(out, type);
}

static void put_row(struct tori_buf *out, const struct row *row, uint64_t n)
{
    tori_buf_z(out, row->family);
    if (row->label != NULL) {
        tori_buf_z(out, "{");
        tori_buf_z(out, row->label);
        tori_buf_z(out, "}");
    }
    tori_buf_z(out, " ");
    tori_buf_i64(out, (int64_t)n);
    tori_buf_z(out, "\n");
}

void tori_http_metrics(struct tori_ctx *cx, struct tori_buf *out)
{
    const struct tori_server *server = tori_exchange_of(cx)->edge->server;
    struct row open = {TORI_COUNT_ACCEPTED, "torimori_http_connections_open", NULL};
    const char *family = "";

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!tori_str_eq(tori_str_z(rows[i].family), tori_str_z(family)))
            put_type(out, rows[i].family, " counter\n");
        family = rows[i].family;
        put_row(out, &rows[i], sum(server, rows[i].count));
    }
    put_type(out, open.family, " gauge\n");
    put_row(out, &open, (uint64_t)atomic_load(&server->connections));
    for (size_t i = 0; i < server->hook_count; i++)
        server->hook[i].fn(server->hook[i].arg, out);
}

struct tori_health tori_http_health(struct tori_ctx *cx)
{
    const struct tori_server_config *config = &tori_exchange_of(cx)->edge->server->config;
    struct tori_health health = {TORI_ERR_NONE, TORI_ERR_NONE};
    tori_err why = TORI_ERR_NOT_OWNER;

    if (config->owns != NULL && !config->owns(config->arg, &why))
        health.ready = why == TORI_ERR_NONE ? TORI_ERR_NOT_OWNER : why;
    else if (config->health != NULL)
        config->health(config->arg, &health);
    return health;
}

struct tori_str tori_http_if_none_match(struct tori_ctx *cx)
{
    return tori_exchange_of(cx)->if_none_match;
}
