#include "http/page/layout.h"

/* A shield that is also a nest: drawn here, because pages load nothing from elsewhere. */
static const char mark[] =
    "<svg class=\"mark\" viewBox=\"0 0 32 32\" width=\"32\" height=\"32\" aria-hidden=\"true\" "
    "focusable=\"false\"><path fill=\"currentColor\" d=\"M16 2 28 6v9c0 8-5 13-12 15C9 28 4 23 4 "
    "15V6z\"/>"
    "<path fill=\"none\" stroke=\"#fff\" stroke-width=\"2.4\" stroke-linecap=\"round\" "
    "stroke-linejoin=\"round\" d=\"M9 12c4 0 5 3 7 6 2-3 3-6 7-6M16 18v5\"/></svg>";

static void head(struct tori_html *h, const struct tori_layout *layout)
{
    tori_html_raw(h, h->lang == TORI_JA ? "<!DOCTYPE html>\n<html lang=\"ja\">\n"
                                        : "<!DOCTYPE html>\n<html lang=\"en\">\n");
    tori_html_raw(h, "<head>\n<meta charset=\"utf-8\">\n<title>");
    tori_html_key(h, layout->title);
    tori_html_raw(h, " – ");
    tori_html_str(h, layout->frame->firm);
    tori_html_raw(h, "</title>\n<meta name=\"viewport\" content=\"width=device-width, "
                     "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
                     "<meta name=\"robots\" content=\"noindex\">\n"
                     "<link rel=\"stylesheet\" href=\"" TORI_PAGE_WEB "torimori.css\">\n"
                     "<link rel=\"icon\" href=\"" TORI_PAGE_WEB
                     "mark.svg\" type=\"image/svg+xml\">\n");
    if (layout->module != NULL) {
        tori_html_raw(h, "<script type=\"module\" src=\"" TORI_PAGE_WEB);
        tori_html_raw(h, layout->module);
        tori_html_raw(h, "\"></script>\n");
    }
    tori_html_raw(h, "</head>\n");
}

static void language_link(struct tori_html *h)
{
    /* A relative address that is only a query keeps the path, so no page needs to know its own. */
    const char *other = h->lang == TORI_JA ? "en" : "ja";

    tori_html_raw(h, "<a class=\"language\" href=\"?lang=");
    tori_html_raw(h, other);
    tori_html_raw(h, "\" hreflang=\"");
    tori_html_raw(h, other);
    tori_html_raw(h, "\" lang=\"");
    tori_html_raw(h, other);
    tori_html_wrap(h, "\">", TORI_T_PAGE_OTHER_LANGUAGE, "</a>\n");
}

static void navigation(struct tori_html *h, const struct tori_view_frame *frame)
{
    if (!frame->operators || frame->person.len == 0)
        return;
    tori_html_wrap(h, "<nav aria-label=\"", TORI_T_CONSOLE_NAV, "\">\n<ul>\n");
    tori_html_wrap(h, "<li><a href=\"/\">", TORI_T_CONSOLE_APPROVALS_TITLE, "</a></li>\n");
    tori_html_wrap(h, "<li><a href=\"/desk\">", TORI_T_CONSOLE_DESK_TITLE, "</a></li>\n");
    tori_html_raw(h, "</ul>\n</nav>\n");
}

static void header(struct tori_html *h, const struct tori_view_frame *frame)
{
    tori_html_wrap(h, "<a class=\"skip\" href=\"#main\">", TORI_T_PAGE_SKIP, "</a>\n");
    tori_html_raw(h, "<header class=\"site\">\n<div class=\"bar\">\n<p class=\"firm\">");
    tori_html_raw(h, mark);
    tori_html_raw(h, "<span><strong>");
    tori_html_str(h, frame->firm);
    tori_html_wrap(h, "</strong> <span class=\"place\">",
                   frame->operators ? TORI_T_CONSOLE_PLACE : TORI_T_PAGE_PLACE,
                   "</span></span></p>\n");
    if (frame->person.len > 0) {
        tori_html_wrap(h, "<p class=\"person\"><span class=\"unseen\">", TORI_T_PAGE_PERSON,
                       " </span>");
        tori_html_str(h, frame->person);
        tori_html_raw(h, "</p>\n");
    }
    language_link(h);
    navigation(h, frame);
    tori_html_raw(h, "</div>\n</header>\n");
}

static void footer(struct tori_html *h, const struct tori_view_frame *frame)
{
    tori_html_raw(h, "<footer class=\"site\">\n");
    if (!frame->operators)
        tori_layout_call(h, frame);
    if (frame->demo)
        tori_html_wrap(h, "<p class=\"demo\">", TORI_T_PAGE_DEMO, "</p>\n");
    tori_html_wrap(h, "<p class=\"small\">",
                   frame->operators ? TORI_T_CONSOLE_PROMISE : TORI_T_PAGE_PROMISE,
                   "</p>\n</footer>\n");
}

struct tori_html tori_layout_begin(struct tori_ctx *cx, struct tori_reply *out,
                                   const struct tori_layout *layout)
{
    struct tori_html h = {&out->body, cx->lang};

    head(&h, layout);
    tori_html_raw(&h, "<body>\n");
    header(&h, layout->frame);
    tori_html_raw(&h, layout->wide ? "<main id=\"main\" class=\"wide\" tabindex=\"-1\">\n"
                                   : "<main id=\"main\" tabindex=\"-1\">\n");
    return h;
}

struct tori_result tori_layout_end(struct tori_ctx *cx, struct tori_reply *out,
                                   const struct tori_layout *layout)
{
    struct tori_html h = {&out->body, cx->lang};

    tori_html_raw(&h, "</main>\n");
    footer(&h, layout->frame);
    tori_html_raw(&h, "</body>\n</html>\n");
    out->content_type = "text/html; charset=utf-8";
    return tori_buf_done(cx, &out->body);
}

void tori_layout_call(struct tori_html *h, const struct tori_view_frame *frame)
{
    if (frame->phone.len == 0)
        return;
    tori_html_wrap(h, "<p class=\"call\">", TORI_T_PAGE_PHONE, " <a class=\"phone\" href=\"tel:");
    tori_html_str(h, frame->phone);
    tori_html_raw(h, "\">");
    tori_html_str(h, frame->phone);
    tori_html_raw(h, "</a></p>\n");
}

void tori_layout_voices(struct tori_html *h)
{
    tori_html_raw(h, "<div id=\"problem\" class=\"problem\" role=\"alert\" tabindex=\"-1\"></div>\n"
                     "<div id=\"status\" class=\"status\" role=\"status\"></div>\n");
}

void tori_layout_words(struct tori_html *h, const struct tori_layout_word *words, size_t count)
{
    tori_html_raw(h, "<template id=\"words\">\n");
    for (size_t i = 0; i < count; i++) {
        tori_html_raw(h, "<p data-key=\"");
        tori_html_raw(h, words[i].name);
        tori_html_wrap(h, "\">", words[i].key, "</p>\n");
    }
    tori_html_raw(h, "</template>\n");
}

void tori_layout_noscript(struct tori_html *h)
{
    tori_html_wrap(h, "<noscript><p class=\"note\">", TORI_T_PAGE_NOSCRIPT, "</p></noscript>\n");
}

static void virtual_authenticator(struct tori_html *h)
{
    tori_html_wrap(h, "<details id=\"virtual\" class=\"note\">\n<summary>",
                   TORI_T_PAGE_VIRTUAL_TITLE, "</summary>\n<ol>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_VIRTUAL_OPEN, "</li>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_VIRTUAL_ENABLE, "</li>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_VIRTUAL_ADD, "</li>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_VIRTUAL_STAY, "</li>\n</ol>\n");
    tori_html_wrap(h, "<p>", TORI_T_PAGE_VIRTUAL_ONLY, "</p>\n</details>\n");
}

void tori_layout_no_passkey(struct tori_html *h, const struct tori_view_frame *frame)
{
    tori_html_wrap(h, "<section id=\"no-webauthn\" class=\"note\" hidden>\n<h2>",
                   TORI_T_PAGE_NO_WEBAUTHN_TITLE, "</h2>\n");
    tori_html_wrap(h, "<p>", TORI_T_PAGE_NO_WEBAUTHN_TEXT, "</p>\n<ul>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_NO_WEBAUTHN_BROWSER, "</li>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_NO_WEBAUTHN_INSIDE, "</li>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_NO_WEBAUTHN_CALL, "</li>\n</ul>\n</section>\n");
    tori_html_wrap(h, "<section id=\"no-authenticator\" class=\"note\" hidden>\n<h2>",
                   TORI_T_PAGE_NO_AUTHENTICATOR_TITLE, "</h2>\n<ul>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_NO_AUTHENTICATOR_PHONE, "</li>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_NO_AUTHENTICATOR_KEY, "</li>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_NO_AUTHENTICATOR_SCREEN, "</li>\n</ul>\n</section>\n");
    if (frame->demo)
        virtual_authenticator(h);
}
