/* GET /i/{id}: one visit of the customer's browser. Only here is shown what a passkey signs.
 * web/visit.js does the ceremonies; this page says everything, so that it can be read without
 * it. */
#include "http/page/visit_int.h"

static const struct tori_layout_word words[] = {
    {"working", TORI_T_PAGE_WORD_WORKING},
    {"waiting", TORI_T_PAGE_WORD_WAITING},
    {"again", TORI_T_PAGE_WORD_AGAIN},
    {"refused", TORI_T_PAGE_WORD_REFUSED},
    {"exists", TORI_T_PAGE_WORD_EXISTS},
    {"unsuitable", TORI_T_PAGE_WORD_UNSUITABLE},
    {"offline", TORI_T_PAGE_WORD_OFFLINE},
    {"going", TORI_T_PAGE_WORD_GOING},
    {"over", TORI_T_PAGE_WORD_OVER},
    {"code_empty", TORI_T_PAGE_WORD_CODE_EMPTY},
    {"label_long", TORI_T_PAGE_WORD_LABEL_LONG},
    {"label_empty", TORI_T_PAGE_WORD_LABEL_EMPTY},
};

void tori_visit_open(struct tori_ctx *cx, struct tori_html *h, const struct tori_view_visit *v,
                     const char *step)
{
    int64_t left = v->expires_at - cx->now;

    tori_html_raw(h, "<div id=\"visit\" data-step=\"");
    tori_html_raw(h, step);
    tori_html_raw(h, "\" data-id=\"");
    tori_html_id(h, &v->id);
    tori_html_raw(h, "\" data-left-ms=\"");
    tori_html_int(h, left < 0 ? 0 : left);
    tori_html_raw(h, "\">\n");
}

void tori_visit_close(struct tori_html *h, const struct tori_view_visit *v)
{
    tori_html_raw(h, "</div>\n");
    tori_layout_noscript(h);
    tori_layout_no_passkey(h, &v->frame);
    tori_layout_words(h, words, sizeof(words) / sizeof(words[0]));
}

void tori_visit_cancel_button(struct tori_html *h, const struct tori_view_visit *v)
{
    tori_html_raw(h, "<button type=\"button\" id=\"cancel\" class=\"quiet\">");
    if (v->channel.len > 0)
        tori_html_fill(h, "", TORI_HTML_ARG("channel", v->channel), TORI_T_PAGE_CANCEL_TO,
                       "</button>\n");
    else
        tori_html_wrap(h, "", TORI_T_PAGE_CANCEL, "</button>\n");
}

static void login_lead(struct tori_html *h, const struct tori_view_visit *v)
{
    if (v->purpose == TORI_VIEW_FOR_MANAGE && v->frame.operators)
        tori_html_wrap(h, "<p class=\"lead\">", TORI_T_CONSOLE_LOGIN_LEAD, "</p>\n");
    else if (v->purpose == TORI_VIEW_FOR_MANAGE || v->channel.len == 0)
        tori_html_wrap(h, "<p class=\"lead\">", TORI_T_PAGE_LOGIN_LEAD_CENTRE, "</p>\n");
    else
        tori_html_fill(h, "<p class=\"lead\">", TORI_HTML_ARG("channel", v->channel),
                       TORI_T_PAGE_LOGIN_LEAD, "</p>\n");
}

static void login(struct tori_ctx *cx, struct tori_html *h, const struct tori_view_visit *v)
{
    tori_html_wrap(h, "<h1>", TORI_T_PAGE_LOGIN_TITLE, "</h1>\n");
    login_lead(h, v);
    tori_html_wrap(h, "<p>", TORI_T_PAGE_LOGIN_HOW, "</p>\n");
    tori_visit_open(cx, h, v, "login");
    tori_layout_voices(h);
    /* Conditional UI wants a field to hang its offers on. Nobody can reach it, nothing is typed. */
    tori_html_raw(h,
                  "<div class=\"actions\">\n<input class=\"behind\" type=\"text\" tabindex=\"-1\" "
                  "aria-hidden=\"true\" autocomplete=\"username webauthn\">\n");
    tori_html_wrap(h, "<button type=\"button\" id=\"go\" class=\"primary\">",
                   TORI_T_PAGE_LOGIN_BUTTON, "</button>\n");
    tori_visit_cancel_button(h, v);
    tori_html_raw(h, "</div>\n");
    tori_visit_close(h, v);
    tori_html_wrap(h, "<details>\n<summary>", TORI_T_PAGE_LOGIN_HELP, "</summary>\n<ul>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_LOGIN_HELP_LOST, "</li>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_LOGIN_HELP_OTHER, "</li>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_LOGIN_HELP_NEVER, "</li>\n</ul>\n</details>\n");
}

static void not_me(struct tori_html *h, const struct tori_view_visit *v)
{
    tori_html_wrap(h, "<section class=\"note\">\n<h2>", TORI_T_PAGE_CONFIRM_NOT_ME_TITLE,
                   "</h2>\n<ol>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_CONFIRM_NOT_ME_STOP, "</li>\n");
    if (v->frame.operators) {
        tori_html_wrap(h, "<li>", TORI_T_CONSOLE_CONFIRM_TELL, "</li>\n</ol>\n</section>\n");
        return;
    }
    tori_html_wrap(h, "<li>", TORI_T_PAGE_CONFIRM_NOT_ME_CALL, "</li>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_CONFIRM_NOT_ME_LOCK, " <a href=\"/me\">");
    tori_html_wrap(h, "", TORI_T_PAGE_CENTRE_TITLE, "</a></li>\n</ol>\n</section>\n");
}

static void confirm(struct tori_ctx *cx, struct tori_html *h, const struct tori_view_visit *v)
{
    tori_html_fill(h, "<h1>",
                   TORI_HTML_ARG("operation", tori_text_get(h->lang, v->operation.title)),
                   TORI_T_PAGE_CONFIRM_HEADING, "</h1>\n");
    tori_html_wrap(h, "<p class=\"lead\">", TORI_T_PAGE_CONFIRM_LEAD, "</p>\n");
    tori_html_operation(h, &v->operation);
    tori_html_wrap(h, "<p class=\"warning\">", v->operation.warning, "</p>\n");
    tori_visit_open(cx, h, v, "confirm");
    tori_layout_voices(h);
    tori_html_raw(h, "<div class=\"actions\">\n");
    tori_html_wrap(h, "<button type=\"button\" id=\"go\" class=\"primary\">",
                   TORI_T_PAGE_CONFIRM_BUTTON, "</button>\n");
    tori_visit_cancel_button(h, v);
    tori_html_raw(h, "</div>\n");
    tori_visit_close(h, v);
    not_me(h, v);
}

static enum tori_text_key title(const struct tori_view_visit *v)
{
    if (v->step == TORI_VIEW_LOGIN)
        return TORI_T_PAGE_LOGIN_TITLE;
    if (v->step == TORI_VIEW_CONFIRM)
        return TORI_T_PAGE_CONFIRM_TITLE;
    if (v->step == TORI_VIEW_CODE || v->step == TORI_VIEW_MAKE)
        return tori_visit_make_title(v);
    return tori_visit_over_title(v);
}

static TORI_RESULT write_page(struct tori_ctx *cx, const struct tori_view_visit *v,
                              struct tori_reply *out)
{
    bool live = v->step <= TORI_VIEW_MAKE;
    const struct tori_layout layout = {&v->frame, title(v), live ? "visit.js" : NULL, false};
    struct tori_html h = tori_layout_begin(cx, out, &layout);

    if (v->step == TORI_VIEW_LOGIN)
        login(cx, &h, v);
    else if (v->step == TORI_VIEW_CONFIRM)
        confirm(cx, &h, v);
    else if (live)
        tori_visit_enrol(cx, &h, v);
    else
        tori_visit_over(&h, v);
    return tori_layout_end(cx, out, &layout);
}

struct tori_result tori_page_visit(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_view_visit *v = out->view;

    (void)in;
    return v == NULL ? TORI_OK : write_page(cx, v, out);
}
