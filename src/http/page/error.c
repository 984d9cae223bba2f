/* Any error, as a page. Callers learn the code and the words of data/errors.def, never more. */
#include <stdio.h>

#include "http/page/layout.h"

static enum tori_text_key heading(int status)
{
    if (status == 401)
        return TORI_T_PAGE_ERROR_LOGIN;
    if (status == 404)
        return TORI_T_PAGE_ERROR_NOT_FOUND;
    if (status == 503 || status == 429)
        return TORI_T_PAGE_ERROR_LATER;
    if (status >= 500)
        return TORI_T_PAGE_ERROR_OURS;
    return TORI_T_PAGE_ERROR_REFUSED;
}

static enum tori_text_key what_next(int status)
{
    if (status == 401)
        return TORI_T_PAGE_ERROR_NEXT_LOGIN;
    if (status == 503 || status == 429)
        return TORI_T_PAGE_ERROR_NEXT_LATER;
    if (status >= 500)
        return TORI_T_PAGE_ERROR_NEXT_OURS;
    return TORI_T_PAGE_ERROR_NEXT;
}

/* error.<name> has a text for every error: the build sees to it. */
static enum tori_text_key words_of(tori_err err)
{
    char name[64];
    int n = snprintf(name, sizeof(name), "error.%s", tori_err_name(err));
    enum tori_text_key key = TORI_T_ERROR_INTERNAL;

    if (n > 0 && (size_t)n < sizeof(name))
        (void)tori_text_find((struct tori_str){name, (size_t)n}, &key);
    return key;
}

static void retry(struct tori_html *h, const struct tori_reply *out)
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%lld", (long long)out->retry_after_s);

    if (out->retry_after_s <= 0 || n <= 0)
        return;
    tori_html_fill(h, "<p>", TORI_HTML_ARG("seconds", ((struct tori_str){digits, (size_t)n})),
                   TORI_T_PAGE_ERROR_RETRY, "</p>\n");
    tori_html_wrap(h, "<p class=\"actions\"><a class=\"primary\" href=\"\">",
                   TORI_T_PAGE_ERROR_RETRY_LINK, "</a></p>\n");
}

struct tori_result tori_page_error(struct tori_ctx *cx, const struct tori_view_frame *frame,
                                   struct tori_reply *out)
{
    int status = tori_err_status(out->err);
    const struct tori_layout layout = {frame, heading(status), NULL, false};

    out->body = tori_buf_new(cx->arena, TORI_REPLY_CAP);
    out->status = status;
    struct tori_html h = tori_layout_begin(cx, out, &layout);
    tori_html_wrap(&h, "<h1>", layout.title, "</h1>\n");
    tori_html_wrap(&h, "<p class=\"lead\">", words_of(out->err), "</p>\n");
    tori_html_wrap(&h, "<p>", what_next(status), "</p>\n");
    if (status == 401)
        tori_html_wrap(&h, "<p class=\"actions\"><a class=\"primary\" href=\"/login\">",
                       TORI_T_PAGE_LOGIN_TITLE, "</a></p>\n");
    retry(&h, out);
    tori_html_wrap(&h, "<p class=\"small\">", TORI_T_PAGE_ERROR_CODE, " <code>");
    tori_html_str(&h, tori_str_z(tori_err_name(out->err)));
    tori_html_wrap(&h, "</code> · ", TORI_T_PAGE_ERROR_REQUEST, " <code>");
    tori_buf_hex(h.buf, TORI_BYTES_OF(cx->request_id));
    tori_html_raw(&h, "</code></p>\n");
    return tori_layout_end(cx, out, &layout);
}
