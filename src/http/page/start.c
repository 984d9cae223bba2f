/* The first page of a host, and the doors to a visit: GET /, /login and /enrol. */
#include "http/page/layout.h"

static const struct tori_layout_word words[] = {
    {"working", TORI_T_PAGE_WORD_WORKING},
    {"offline", TORI_T_PAGE_WORD_OFFLINE},
    {"going", TORI_T_PAGE_WORD_GOING},
    {"ref_empty", TORI_T_CONSOLE_ENROL_REF_EMPTY},
};

static void home(struct tori_html *h)
{
    tori_html_wrap(h, "<h1>", TORI_T_PAGE_HOME_TITLE, "</h1>\n");
    tori_html_wrap(h, "<p class=\"lead\">", TORI_T_PAGE_HOME_WHAT, "</p>\n");
    tori_html_wrap(h, "<p>", TORI_T_PAGE_HOME_BEGIN, "</p>\n<p class=\"actions\">");
    tori_html_wrap(h, "<a class=\"primary\" href=\"/me\">", TORI_T_PAGE_CENTRE_TITLE, "</a></p>\n");
}

static void door(struct tori_html *h, const struct tori_view_start *v)
{
    tori_html_wrap(h, "<h1>", TORI_T_PAGE_LOGIN_TITLE, "</h1>\n");
    tori_html_wrap(h, "<p class=\"lead\">",
                   v->frame.operators ? TORI_T_CONSOLE_LOGIN_LEAD : TORI_T_PAGE_LOGIN_LEAD_CENTRE,
                   "</p>\n");
    tori_layout_voices(h);
    tori_html_raw(h, "<div class=\"actions\">\n<button type=\"button\" class=\"primary\" "
                     "data-post=\"/v1/login\">");
    tori_html_wrap(h, "", TORI_T_PAGE_LOGIN_BUTTON, "</button>\n</div>\n");
}

static void locked(struct tori_html *h, const struct tori_view_start *v)
{
    tori_html_wrap(h, "<h1>", TORI_T_PAGE_LOCKED_TITLE, "</h1>\n<section class=\"stop\">\n");
    tori_html_wrap(h, "<p class=\"lead\">", TORI_T_PAGE_LOCKED_WHAT, "</p>\n");
    tori_html_wrap(h, "<p>", TORI_T_PAGE_LOCKED_OUT, "</p>\n");
    tori_html_wrap(h, "<p>", TORI_T_PAGE_LOCK_LIFT, "</p>\n");
    tori_layout_call(h, &v->frame);
    tori_html_raw(h, "</section>\n");
}

static void enrol(struct tori_html *h)
{
    tori_html_wrap(h, "<h1>", TORI_T_PAGE_ENROL_TITLE, "</h1>\n");
    tori_html_wrap(h, "<p class=\"lead\">", TORI_T_CONSOLE_ENROL_LEAD, "</p>\n");
    tori_layout_voices(h);
    tori_html_raw(
        h, "<form method=\"dialog\" data-form=\"/v1/enrol\" novalidate>\n<div class=\"field\">\n");
    tori_html_wrap(h, "<label for=\"operator\">", TORI_T_CONSOLE_ENROL_REF, "</label>\n");
    tori_html_wrap(h, "<p class=\"hint\" id=\"operator-hint\">", TORI_T_CONSOLE_ENROL_REF_HINT,
                   "</p>\n");
    tori_html_raw(
        h, "<p class=\"error\" id=\"operator-error\" role=\"alert\"></p>\n"
           "<input id=\"operator\" data-name=\"operator\" type=\"text\" autocomplete=\"off\" "
           "spellcheck=\"false\" maxlength=\"64\" required "
           "aria-describedby=\"operator-hint operator-error\" data-empty=\"ref_empty\">\n</div>\n");
    tori_html_wrap(h, "<button type=\"submit\" class=\"primary\">", TORI_T_PAGE_ENROL_CODE_BUTTON,
                   "</button>\n</form>\n");
}

static enum tori_text_key title(enum tori_view_start_kind kind)
{
    switch (kind) {
    case TORI_VIEW_START_HOME:
        return TORI_T_PAGE_HOME_TITLE;
    case TORI_VIEW_START_LOGIN:
        return TORI_T_PAGE_LOGIN_TITLE;
    case TORI_VIEW_START_ENROL:
        return TORI_T_PAGE_ENROL_TITLE;
    case TORI_VIEW_START_LOCKED:
        return TORI_T_PAGE_LOCKED_TITLE;
    }
    return TORI_T_PAGE_HOME_TITLE;
}

struct tori_result tori_page_start(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_view_start *v = out->view;
    bool acts = v->kind == TORI_VIEW_START_LOGIN || v->kind == TORI_VIEW_START_ENROL;
    const struct tori_layout layout = {&v->frame, title(v->kind), acts ? "forms.js" : NULL, false};
    struct tori_html h = tori_layout_begin(cx, out, &layout);
    (void)in;

    if (v->kind == TORI_VIEW_START_HOME)
        home(&h);
    else if (v->kind == TORI_VIEW_START_LOCKED)
        locked(&h, v);
    else if (v->kind == TORI_VIEW_START_LOGIN)
        door(&h, v);
    else
        enrol(&h);
    if (acts) {
        tori_layout_noscript(&h);
        tori_layout_words(&h, words, sizeof(words) / sizeof(words[0]));
    }
    return tori_layout_end(cx, out, &layout);
}
