/* Errors as their reader wants them: a problem document for programs, a page for people. */
#include "base/text.h"
#include "http/http_int.h"
#include "http/language.h"

static bool wants_page(const struct tori_exchange *exchange)
{
    enum tori_listener role = exchange->site->config->role;

    if (exchange->endpoint != NULL)
        return exchange->endpoint->page;
    /* Nobody's address: a browser that opens it says what it takes. */
    return (role == TORI_LISTENER_CUSTOMER || role == TORI_LISTENER_OPERATOR) &&
           tori_str_starts(tori_head_value(&exchange->head, TORI_STR("accept")),
                           TORI_STR("text/html"));
}

static enum tori_text_key sentence(tori_err err)
{
    char name[64] = "error.";
    enum tori_text_key key = TORI_T_ERROR_INTERNAL;
    const char *code = tori_err_name(err);
    size_t n = 6;

    for (; *code != 0 && n < sizeof(name); code++)
        name[n++] = *code >= 'A' && *code <= 'Z' ? (char)(*code | 0x20) : *code;
    (void)tori_text_find((struct tori_str){name, n}, &key);
    return key;
}

static void write_plain_page(struct tori_exchange *exchange, tori_err err)
{
    struct tori_ctx *cx = &exchange->command.cx;
    struct tori_reply *reply = &exchange->command.reply;
    int64_t retry_after_s = reply->retry_after_s;
    struct tori_str lang = tori_language_name(cx->lang);
    enum tori_text_key key = sentence(err);

    tori_reply_begin(reply, cx->arena);
    reply->err = err;
    reply->status = tori_err_status(err);
    reply->retry_after_s = retry_after_s;
    reply->content_type = "text/html; charset=utf-8";
    struct tori_buf *buf = &reply->body;
    tori_buf_z(buf, "<!doctype html>\n<html lang=\"");
    tori_buf_str(buf, lang);
    tori_buf_z(buf, "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                    "content=\"width=device-width, initial-scale=1\">\n<title>");
    tori_text_put_html(buf, cx->lang, TORI_T_PROBLEM_TITLE, NULL);
    tori_buf_z(buf, "</title>\n</head>\n<body>\n<main>\n<h1>");
    tori_text_put_html(buf, cx->lang, TORI_T_PROBLEM_TITLE, NULL);
    tori_buf_z(buf, "</h1>\n<p>");
    tori_text_put_html(buf, cx->lang, key, NULL);
    tori_buf_z(buf, "</p>\n<p><small>");
    tori_text_put_html(buf, cx->lang, TORI_T_PROBLEM_REFERENCE, NULL);
    tori_buf_z(buf, " <code>");
    tori_buf_hex(buf, TORI_BYTES_OF(cx->request_id));
    tori_buf_z(buf, "</code></small></p>\n</main>\n</body>\n</html>\n");
}

static void write_page(struct tori_exchange *exchange, tori_err err)
{
    const struct tori_server_config *config = &exchange->edge->server->config;
    struct tori_ctx *cx = &exchange->command.cx;

    if (config->error_page == NULL || TORI_FAILED(config->error_page(cx, &exchange->command.reply)))
        write_plain_page(exchange, err);
}

void tori_problem_write(struct tori_exchange *exchange)
{
    struct tori_reply *reply = &exchange->command.reply;
    tori_err err = reply->err;

    if (reply->retry_after_s == 0 && tori_err_status(err) == 503)
        reply->retry_after_s = 1;
    if (wants_page(exchange)) {
        write_page(exchange, err);
        return;
    }
    tori_reply_problem(&exchange->command.cx, reply, err);
}
