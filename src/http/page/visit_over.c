/* A visit that is over, each with what to do next. */
#include "http/page/visit_int.h"

struct ending {
    enum tori_text_key title;
    enum tori_text_key what;
    enum tori_text_key next;
};

static struct ending ending_of(enum tori_view_step step)
{
    switch (step) {
    case TORI_VIEW_LOGIN:
    case TORI_VIEW_CONFIRM:
    case TORI_VIEW_CODE:
    case TORI_VIEW_MAKE:
    case TORI_VIEW_UNKNOWN:
        break; /* the first four never come here */
    case TORI_VIEW_DONE:
        return (struct ending){TORI_T_PAGE_OVER_DONE, TORI_T_PAGE_OVER_DONE_WHAT,
                               TORI_T_PAGE_OVER_DONE_NEXT};
    case TORI_VIEW_EXPIRED:
        return (struct ending){TORI_T_PAGE_OVER_EXPIRED, TORI_T_PAGE_OVER_EXPIRED_WHAT,
                               TORI_T_PAGE_OVER_BEGIN_AGAIN};
    case TORI_VIEW_FAILED:
        return (struct ending){TORI_T_PAGE_OVER_FAILED, TORI_T_PAGE_OVER_FAILED_WHAT,
                               TORI_T_PAGE_OVER_BEGIN_AGAIN};
    case TORI_VIEW_LOCKED:
        return (struct ending){TORI_T_PAGE_OVER_LOCKED, TORI_T_PAGE_OVER_LOCKED_WHAT,
                               TORI_T_PAGE_OVER_LOCKED_NEXT};
    case TORI_VIEW_OTHER_BROWSER:
        return (struct ending){TORI_T_PAGE_OVER_BROWSER, TORI_T_PAGE_OVER_BROWSER_WHAT,
                               TORI_T_PAGE_OVER_BEGIN_AGAIN};
    }
    return (struct ending){TORI_T_PAGE_OVER_UNKNOWN, TORI_T_PAGE_OVER_UNKNOWN_WHAT,
                           TORI_T_PAGE_OVER_BEGIN_AGAIN};
}

enum tori_text_key tori_visit_over_title(const struct tori_view_visit *v)
{
    return ending_of(v->step).title;
}

void tori_visit_over(struct tori_html *h, const struct tori_view_visit *v)
{
    struct ending ending = ending_of(v->step);

    tori_html_wrap(h, "<h1>", ending.title, "</h1>\n");
    tori_html_wrap(h, "<p class=\"lead\">", ending.what, "</p>\n");
    tori_html_wrap(h, "<p>", ending.next, "</p>\n");
    if (v->back.len == 0)
        return;
    tori_html_raw(h, "<p class=\"actions\"><a class=\"primary\" href=\"");
    tori_html_address(h, v->back);
    if (v->channel.len > 0)
        tori_html_fill(h, "\">", TORI_HTML_ARG("channel", v->channel), TORI_T_PAGE_BACK_TO,
                       "</a></p>\n");
    else
        tori_html_wrap(h, "\">", TORI_T_PAGE_BACK, "</a></p>\n");
}
