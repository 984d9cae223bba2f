/* Making a passkey: the code of the letter, then the passkey, then what kind it became. The three
 * steps stand in one document, because the code must not travel in an address. */
#include "http/page/visit_int.h"

enum tori_text_key tori_visit_make_title(const struct tori_view_visit *v)
{
    return v->purpose == TORI_VIEW_FOR_ENROL ? TORI_T_PAGE_ENROL_TITLE : TORI_T_PAGE_ADD_TITLE;
}

static void step_item(struct tori_html *h, const char *open, const char *step,
                      enum tori_text_key key)
{
    tori_html_raw(h, open);
    tori_html_raw(h, " data-for=\"");
    tori_html_raw(h, step);
    tori_html_wrap(h, "\">", key, "</li>\n");
}

static void steps(struct tori_html *h, bool code)
{
    tori_html_wrap(h, "<ol class=\"steps\" aria-label=\"", TORI_T_PAGE_ENROL_STEPS, "\">\n");
    if (code)
        step_item(h, "<li aria-current=\"step\"", "code", TORI_T_PAGE_ENROL_STEP_CODE);
    step_item(h, code ? "<li" : "<li aria-current=\"step\"", "make", TORI_T_PAGE_ENROL_STEP_MAKE);
    step_item(h, "<li", "done", TORI_T_PAGE_ENROL_STEP_DONE);
    tori_html_raw(h, "</ol>\n");
}

static void code_form(struct tori_html *h, const struct tori_view_visit *v)
{
    tori_html_wrap(h, "<section id=\"step-code\">\n<h2 tabindex=\"-1\">",
                   TORI_T_PAGE_ENROL_STEP_CODE, "</h2>\n");
    tori_html_raw(h,
                  "<form id=\"code-form\" method=\"dialog\" novalidate>\n<div class=\"field\">\n");
    tori_html_wrap(h, "<label for=\"code\">", TORI_T_PAGE_ENROL_CODE_LABEL, "</label>\n");
    tori_html_wrap(h, "<p class=\"hint\" id=\"code-hint\">",
                   v->frame.operators ? TORI_T_CONSOLE_ENROL_CODE_HINT
                                      : TORI_T_PAGE_ENROL_CODE_HINT,
                   "</p>\n");
    tori_html_raw(h,
                  "<p class=\"error\" id=\"code-error\" role=\"alert\"></p>\n"
                  "<input id=\"code\" class=\"code\" type=\"text\" "
                  "autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" "
                  "maxlength=\"40\" required aria-describedby=\"code-hint code-error\">\n</div>\n");
    tori_html_raw(h, "<div class=\"actions\">\n");
    tori_html_wrap(h, "<button type=\"submit\" class=\"primary\">", TORI_T_PAGE_ENROL_CODE_BUTTON,
                   "</button>\n");
    tori_visit_cancel_button(h, v);
    tori_html_raw(h, "</div>\n</form>\n</section>\n");
}

static void make_form(struct tori_html *h, const struct tori_view_visit *v)
{
    tori_html_raw(h, v->step == TORI_VIEW_CODE ? "<section id=\"step-make\" hidden>\n"
                                               : "<section id=\"step-make\">\n");
    tori_html_wrap(h, "<h2 tabindex=\"-1\">", TORI_T_PAGE_ENROL_STEP_MAKE, "</h2>\n");
    tori_html_wrap(h, "<p>", TORI_T_PAGE_ENROL_MAKE_HOW, "</p>\n");
    tori_html_raw(h,
                  "<form id=\"make-form\" method=\"dialog\" novalidate>\n<div class=\"field\">\n");
    tori_html_wrap(h, "<label for=\"label\">", TORI_T_PAGE_ENROL_LABEL, "</label>\n");
    tori_html_wrap(h, "<p class=\"hint\" id=\"label-hint\">", TORI_T_PAGE_ENROL_LABEL_HINT,
                   "</p>\n");
    tori_html_raw(h,
                  "<p class=\"error\" id=\"label-error\" role=\"alert\"></p>\n"
                  "<input id=\"label\" data-name=\"label\" type=\"text\" autocomplete=\"off\" "
                  "maxlength=\"64\" required aria-describedby=\"label-hint label-error\" value=\"");
    if (v->suggestion.len > 0)
        tori_html_str(h, v->suggestion);
    else
        tori_html_key(h, TORI_T_PAGE_ENROL_LABEL_SUGGESTION);
    tori_html_raw(h, "\">\n</div>\n<div class=\"actions\">\n");
    tori_html_wrap(h, "<button type=\"submit\" class=\"primary\">", TORI_T_PAGE_ENROL_MAKE_BUTTON,
                   "</button>\n");
    if (v->step == TORI_VIEW_MAKE)
        tori_visit_cancel_button(h, v);
    tori_html_raw(h, "</div>\n</form>\n</section>\n");
}

static void made(struct tori_html *h, const struct tori_view_visit *v)
{
    tori_html_wrap(h, "<section id=\"step-done\" class=\"good\" hidden>\n<h2 tabindex=\"-1\">",
                   TORI_T_PAGE_ENROL_STEP_DONE, "</h2>\n");
    tori_html_wrap(h, "<p data-kind=\"synced\" hidden>", TORI_T_PAGE_ENROL_SYNCED, "</p>\n");
    tori_html_wrap(h, "<p data-kind=\"bound\" hidden>", TORI_T_PAGE_ENROL_BOUND, "</p>\n");
    tori_html_wrap(h, "<p>", TORI_T_PAGE_ENROL_SPARE, "</p>\n<div class=\"actions\">\n");
    tori_html_raw(h, "<a id=\"continue\" class=\"primary\" href=\"");
    tori_html_address(h, v->back);
    tori_html_wrap(h, "\">", TORI_T_PAGE_CONTINUE, "</a>\n</div>\n</section>\n");
}

static void what_is_a_passkey(struct tori_html *h)
{
    tori_html_wrap(h, "<details>\n<summary>", TORI_T_PAGE_PASSKEY_TITLE, "</summary>\n");
    tori_html_wrap(h, "<p>", TORI_T_PAGE_PASSKEY_WHAT, "</p>\n");
    tori_html_wrap(h, "<p>", TORI_T_PAGE_PASSKEY_WHY, "</p>\n<dl>\n");
    tori_html_wrap(h, "<dt>", TORI_T_PAGE_PASSKEY_SYNCED, "</dt>");
    tori_html_wrap(h, "<dd>", TORI_T_PAGE_PASSKEY_SYNCED_TEXT, "</dd>\n");
    tori_html_wrap(h, "<dt>", TORI_T_PAGE_PASSKEY_BOUND, "</dt>");
    tori_html_wrap(h, "<dd>", TORI_T_PAGE_PASSKEY_BOUND_TEXT, "</dd>\n</dl>\n</details>\n");
}

void tori_visit_enrol(struct tori_ctx *cx, struct tori_html *h, const struct tori_view_visit *v)
{
    bool code = v->step == TORI_VIEW_CODE;

    tori_html_wrap(h, "<h1>", tori_visit_make_title(v), "</h1>\n");
    if (v->account.len > 0)
        tori_html_fill(h, "<p class=\"lead\">", TORI_HTML_ARG("account", v->account),
                       TORI_T_PAGE_ENROL_LEAD, "</p>\n");
    steps(h, code);
    tori_visit_open(cx, h, v, code ? "code" : "make");
    tori_layout_voices(h);
    if (code)
        code_form(h, v);
    make_form(h, v);
    made(h, v);
    tori_visit_close(h, v);
    what_is_a_passkey(h);
}
