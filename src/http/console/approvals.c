/* GET / of the operators' host: what waits for a second person. The action is shown field by field,
 * in the words and order in which it will be signed. */
#include "http/page/layout.h"

static const struct tori_layout_word words[] = {
    {"working", TORI_T_PAGE_WORD_WORKING},
    {"offline", TORI_T_PAGE_WORD_OFFLINE},
    {"going", TORI_T_PAGE_WORD_GOING},
};

static enum tori_text_key state_key(enum tori_view_approval_state state)
{
    switch (state) {
    case TORI_VIEW_APPROVAL_OPEN:
        return TORI_T_CONSOLE_APPROVAL_OPEN;
    case TORI_VIEW_APPROVAL_DONE:
        return TORI_T_CONSOLE_APPROVAL_DONE;
    case TORI_VIEW_APPROVAL_REJECTED:
        return TORI_T_CONSOLE_APPROVAL_REJECTED;
    case TORI_VIEW_APPROVAL_EXPIRED:
        return TORI_T_CONSOLE_APPROVAL_EXPIRED;
    }
    return TORI_T_CONSOLE_APPROVAL_OPEN;
}

static void who(struct tori_html *h, enum tori_text_key key, struct tori_str person, tori_time at)
{
    tori_html_wrap(h, "<li>", key, " ");
    tori_html_str(h, person);
    tori_html_raw(h, " <span class=\"when\">");
    tori_html_time(h, at);
    tori_html_raw(h, "</span></li>\n");
}

static void people(struct tori_html *h, const struct tori_view_approval *a)
{
    tori_html_raw(h, "<ul class=\"people\">\n");
    who(h, TORI_T_CONSOLE_ASKED_BY, a->asked_by, a->asked_at);
    for (size_t i = 0; i < a->signature_count; i++)
        who(h, TORI_T_CONSOLE_SIGNED_BY, a->signatures[i].person, a->signatures[i].at);
    tori_html_raw(h, "</ul>\n");
}

static void progress(struct tori_html *h, const struct tori_view_approval *a)
{
    tori_html_raw(h, a->state != TORI_VIEW_APPROVAL_DONE ? "<p class=\"tag\">"
                                                         : "<p class=\"tag good\">");
    tori_html_key(h, state_key(a->state));
    tori_html_raw(h, " · ");
    tori_html_int(h, (int64_t)a->signature_count);
    tori_html_raw(h, " / ");
    tori_html_int(h, (int64_t)a->needed);
    tori_html_wrap(h, " ", TORI_T_CONSOLE_SIGNATURES, "</p>\n");
}

/* The action itself names the card, where it is one of the fields. */
static void heading(struct tori_html *h, const struct tori_view_operation *action)
{
    for (size_t i = 0; i < action->line_count; i++)
        if (action->lines[i].label == TORI_T_OPERATION_FIELD_ACTION) {
            tori_html_action(h, action->lines[i].text);
            return;
        }
    tori_html_key(h, action->title);
}

static void approval(struct tori_html *h, const struct tori_view_approval *a)
{
    tori_html_raw(h, "<li class=\"card\">\n<h3 id=\"a-");
    tori_html_id(h, &a->id);
    tori_html_raw(h, "\">");
    heading(h, &a->action);
    tori_html_raw(h, "</h3>\n");
    progress(h, a);
    tori_html_operation(h, &a->action);
    if (a->note.len > 0) {
        tori_html_wrap(h, "<p>", TORI_T_CONSOLE_NOTE, " ");
        tori_html_str(h, a->note);
        tori_html_raw(h, "</p>\n");
    }
    people(h, a);
    if (a->state == TORI_VIEW_APPROVAL_OPEN) {
        tori_html_wrap(h, "<p>", TORI_T_CONSOLE_EXPIRES, " ");
        tori_html_time(h, a->expires_at);
        tori_html_raw(h, "</p>\n");
    }
    if (a->signable) {
        tori_html_raw(h, "<button type=\"button\" class=\"primary\" data-post=\"/v1/approvals/");
        tori_html_id(h, &a->id);
        tori_html_raw(h, "/sign\" aria-describedby=\"a-");
        tori_html_id(h, &a->id);
        tori_html_wrap(h, "\">", TORI_T_CONSOLE_SIGN, "</button>\n");
    }
    tori_html_raw(h, "</li>\n");
}

static void list(struct tori_html *h, const struct tori_view_approvals *v, bool open)
{
    size_t shown = 0;

    tori_html_wrap(h, "<section>\n<h2>", open ? TORI_T_CONSOLE_WAITING : TORI_T_CONSOLE_DECIDED,
                   "</h2>\n<ul class=\"cards\">\n");
    for (size_t i = 0; i < v->approval_count; i++) {
        const struct tori_view_approval *a = &v->approvals[i];
        if ((a->state == TORI_VIEW_APPROVAL_OPEN) != open)
            continue;
        approval(h, a);
        shown++;
    }
    if (shown == 0)
        tori_html_wrap(h, "<li class=\"empty\">", TORI_T_CONSOLE_NONE, "</li>\n");
    tori_html_raw(h, "</ul>\n</section>\n");
}

struct tori_result tori_page_approvals(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_view_approvals *v = out->view;
    const struct tori_layout layout = {&v->frame, TORI_T_CONSOLE_APPROVALS_TITLE, "forms.js", true};
    struct tori_html h = tori_layout_begin(cx, out, &layout);
    (void)in;

    tori_html_wrap(&h, "<h1>", TORI_T_CONSOLE_APPROVALS_TITLE, "</h1>\n");
    tori_html_wrap(&h, "<p class=\"lead\">", TORI_T_CONSOLE_APPROVALS_LEAD, "</p>\n");
    tori_layout_voices(&h);
    tori_layout_noscript(&h);
    list(&h, v, true);
    list(&h, v, false);
    tori_html_raw(&h, "<section>\n<div class=\"actions\">\n"
                      "<button type=\"button\" class=\"quiet\" data-post=\"/v1/me/logout\">");
    tori_html_wrap(&h, "", TORI_T_PAGE_LOGOUT, "</button>\n</div>\n</section>\n");
    tori_layout_words(&h, words, sizeof(words) / sizeof(words[0]));
    return tori_layout_end(cx, out, &layout);
}
