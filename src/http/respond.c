/* Writes answers. Nothing here fails but for want of memory or for a header that would break out of
 * its line. */
#include <stdio.h>
#include <string.h>

#include "http/cookie.h"
#include "http/http_int.h"
#include "http/language.h"

enum { HEAD_ROOM = 16 * 1024 };

struct reason {
    int status;
    struct tori_str line;
};

#define REASON(status, words)                                                                      \
    {                                                                                              \
        status, TORI_STR_INIT("HTTP/1.1 " #status " " words "\r\n")                                \
    }

static const struct reason reasons[] = {
    REASON(200, "OK"),
    REASON(201, "Created"),
    REASON(202, "Accepted"),
    REASON(204, "No Content"),
    REASON(303, "See Other"),
    REASON(304, "Not Modified"),
    REASON(400, "Bad Request"),
    REASON(401, "Unauthorized"),
    REASON(403, "Forbidden"),
    REASON(404, "Not Found"),
    REASON(405, "Method Not Allowed"),
    REASON(408, "Request Timeout"),
    REASON(409, "Conflict"),
    REASON(413, "Content Too Large"),
    REASON(415, "Unsupported Media Type"),
    REASON(417, "Expectation Failed"),
    REASON(421, "Misdirected Request"),
    REASON(422, "Unprocessable Content"),
    REASON(429, "Too Many Requests"),
    REASON(431, "Request Header Fields Too Large"),
    REASON(500, "Internal Server Error"),
    REASON(502, "Bad Gateway"),
    REASON(503, "Service Unavailable"),
};

static void put_status(struct tori_buf *buf, int status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status != status)
            continue;
        tori_buf_str(buf, reasons[i].line);
        return;
    }
    tori_buf_printf(buf, "HTTP/1.1 %03d Other\r\n", status);
}

static void put_field(struct tori_buf *buf, const char *name, struct tori_str value)
{
    tori_buf_z(buf, name);
    tori_buf_bytes(buf, ": ", 2);
    tori_buf_str(buf, value);
    tori_buf_bytes(buf, "\r\n", 2);
}

/* "Fri, 20 Nov 2026 05:00:00 GMT" (RFC 9110 §5.6.7), made anew once a second. */
static void put_date(struct tori_edge *edge, struct tori_buf *buf, tori_time now)
{
    static const char days[] = "ThuFriSatSunMonTueWed";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[TORI_TIME_TEXT];

    if (edge->date_s != now / 1000) {
        tori_time_print(now, text);
        int month = (text[5] - '0') * 10 + text[6] - '0' - 1;
        int64_t day = now / TORI_DAY_MS % 7;
        (void)snprintf(edge->date, sizeof(edge->date), "%.3s, %.2s %.3s %.4s %.8s GMT",
                       days + 3 * day, text + 8, months + 3 * month, text, text + 11);
        edge->date_s = now / 1000;
    }
    put_field(buf, "Date", tori_str_z(edge->date));
}

/* No byte of a value may end the line. */
static bool value_ok(struct tori_str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (((uint8_t)value.at[i] < 0x20 && value.at[i] != '\t') || value.at[i] == 0x7f)
            return false;
    return true;
}

static bool put_reply_headers(struct tori_buf *buf, const struct tori_reply *reply)
{
    bool cached = false;

    for (size_t i = 0; i < reply->header_count; i++) {
        const struct tori_reply_header *h = &reply->header[i];
        if (!value_ok(h->value))
            return false;
        cached = cached || strcmp(h->name, "Cache-Control") == 0;
        put_field(buf, h->name, h->value);
    }
    if (!cached)
        tori_buf_z(buf, "Cache-Control: no-store\r\n");
    return true;
}

static void put_allow(struct tori_buf *buf, unsigned allow)
{
    static const char *const name[] = {
        [TORI_GET] = "GET, HEAD", [TORI_POST] = "POST", [TORI_PUT] = "PUT", [TORI_DEL] = "DELETE"};
    const char *between = "";

    tori_buf_z(buf, "Allow: ");
    for (unsigned m = 0; m <= TORI_DEL; m++) {
        if ((allow & 1u << m) == 0)
            continue;
        tori_buf_z(buf, between);
        tori_buf_z(buf, name[m]);
        between = ", ";
    }
    tori_buf_z(buf, "\r\n");
}

static enum tori_answer kind_of(const struct tori_exchange *exchange)
{
    const char *type = exchange->command.reply.content_type;

    if (type != NULL && strncmp(type, "text/html", 9) == 0)
        return TORI_ANSWER_PAGE;
    if (exchange->endpoint != NULL && exchange->endpoint->plain_answer)
        return TORI_ANSWER_PLAIN;
    return TORI_ANSWER_API;
}

static bool has_content(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

static void put_ids(struct tori_exchange *exchange, struct tori_buf *buf)
{
    tori_buf_z(buf, "X-Request-Id: ");
    tori_buf_hex(buf, TORI_BYTES_OF(exchange->command.cx.request_id));
    tori_buf_z(buf, "\r\n");
    if (exchange->traceparent.len > 0)
        put_field(buf, "traceparent", exchange->traceparent);
}

/* The choice of ?lang= is kept for the pages that follow. */
static void put_language(struct tori_exchange *exchange, struct tori_buf *buf)
{
    struct tori_str name = tori_cookie_name(exchange->site->config->role, TORI_COOKIE_LANG);

    if (!exchange->set_lang || name.len == 0 || exchange->endpoint == NULL ||
        !exchange->endpoint->page)
        return;
    tori_cookie_put(
        buf, name,
        &(struct tori_cookie_change){.value = tori_language_name(exchange->command.cx.lang),
                                     .max_age_s = 31536000});
}

static bool put_cookies(struct tori_exchange *exchange, struct tori_buf *buf)
{
    static const enum tori_cookie kind[TORI_REPLY_COOKIES] = {
        [TORI_REPLY_SESSION] = TORI_COOKIE_SESSION, [TORI_REPLY_VISIT] = TORI_COOKIE_VISIT};
    const struct tori_reply *reply = &exchange->command.reply;

    for (size_t i = 0; i < TORI_REPLY_COOKIES; i++) {
        struct tori_str name = tori_cookie_name(exchange->site->config->role, kind[i]);
        if (!reply->cookie[i].set || name.len == 0)
            continue;
        if (!value_ok(reply->cookie[i].value))
            return false;
        tori_cookie_put(buf, name, &reply->cookie[i]);
    }
    return true;
}

static bool put_head(struct tori_exchange *exchange, struct tori_buf *buf)
{
    const struct tori_reply *reply = &exchange->command.reply;
    const char *type = reply->content_type == NULL ? "application/json" : reply->content_type;

    put_status(buf, reply->status);
    put_date(exchange->edge, buf, exchange->command.cx.now);
    if (has_content(reply->status)) {
        put_field(buf, "Content-Type", tori_str_z(type));
        tori_buf_z(buf, "Content-Length: ");
        tori_buf_i64(buf, (int64_t)reply->body.len);
        tori_buf_z(buf, "\r\n");
    }
    put_ids(exchange, buf);
    tori_buf_str(buf, exchange->site->headers[kind_of(exchange)]);
    put_language(exchange, buf);
    if (!put_cookies(exchange, buf) || !put_reply_headers(buf, reply))
        return false;
    if (reply->retry_after_s > 0) {
        tori_buf_z(buf, "Retry-After: ");
        tori_buf_i64(buf, reply->retry_after_s);
        tori_buf_z(buf, "\r\n");
    }
    if (reply->status == 405)
        put_allow(buf, exchange->allow);
    if (exchange->close)
        tori_buf_z(buf, "Connection: close\r\n");
    tori_buf_bytes(buf, "\r\n", 2);
    return !buf->over;
}

static void count(struct tori_exchange *exchange)
{
    const struct tori_command *command = &exchange->command;
    int class = command->reply.status / 100;

    if (class >= 2 && class <= 5)
        tori_count(exchange->edge, (enum tori_count)(TORI_COUNT_STATUS_1XX + class - 1));
    /* Bytes that name nobody are counted only; the one line of a failed request is for those that
     * reached an endpoint. */
    if (command->reply.err != TORI_ERR_NONE && exchange->endpoint != NULL)
        tori_log_failure(&command->cx, class == 5 ? TORI_WARN : TORI_INFO, "http.refused");
}

bool tori_respond(struct tori_exchange *exchange, struct tori_answer_bytes *out)
{
    struct tori_reply *reply = &exchange->command.reply;
    struct tori_buf head = tori_buf_new(exchange->arena, HEAD_ROOM);

    if (reply->body.over && reply->err == TORI_ERR_NONE) {
        reply->err = TORI_ERR_TOO_LARGE;
        tori_problem_write(exchange);
    }
    if (!put_head(exchange, &head)) {
        head = tori_buf_new(exchange->arena, HEAD_ROOM);
        reply->err = TORI_ERR_INTERNAL;
        tori_problem_write(exchange);
        if (!put_head(exchange, &head))
            return false;
    }
    count(exchange);
    out->head = tori_buf_view(&head);
    out->body = tori_buf_view(&reply->body);
    if (exchange->head_only || !has_content(reply->status))
        out->body.len = 0;
    return true;
}
