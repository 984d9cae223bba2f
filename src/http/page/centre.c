/* GET /me: the security centre. Everything is said in the page; web/forms.js asks back in a dialog
 * before it posts, so nothing happens by one careless press. */
#include "http/page/layout.h"

static const struct tori_layout_word words[] = {
    {"working", TORI_T_PAGE_WORD_WORKING},
    {"offline", TORI_T_PAGE_WORD_OFFLINE},
    {"going", TORI_T_PAGE_WORD_GOING},
    {"label_long", TORI_T_PAGE_WORD_LABEL_LONG},
    {"label_empty", TORI_T_PAGE_WORD_LABEL_EMPTY},
};

/* A dialog that asks back. Its "no" has the focus first. */
struct question {
    const char *id; /* a literal: "lock" gives <dialog id="ask-lock"> */
    enum tori_text_key title;
    enum tori_text_key text;
    enum tori_text_key yes;
    bool danger;
};

static void ask(struct tori_html *h, const struct question *q)
{
    tori_html_raw(h, "<dialog id=\"ask-");
    tori_html_raw(h, q->id);
    tori_html_raw(h, "\" aria-labelledby=\"ask-");
    tori_html_raw(h, q->id);
    tori_html_raw(h, "-title\">\n<h2 id=\"ask-");
    tori_html_raw(h, q->id);
    tori_html_wrap(h, "-title\">", q->title, "</h2>\n<p class=\"about\"></p>\n");
    tori_html_wrap(h, "<p>", q->text, "</p>\n<div class=\"actions\">\n");
    tori_html_wrap(h, "<button type=\"button\" class=\"quiet\" data-answer=\"no\" autofocus>",
                   TORI_T_PAGE_ASK_NO, "</button>\n");
    tori_html_wrap(h,
                   q->danger ? "<button type=\"button\" class=\"danger\" data-answer=\"yes\">"
                             : "<button type=\"button\" class=\"primary\" data-answer=\"yes\">",
                   q->yes, "</button>\n</div>\n</dialog>\n");
}

static void questions(struct tori_html *h)
{
    static const struct question all[] = {
        {"lock", TORI_T_PAGE_LOCK_ASK, TORI_T_PAGE_LOCK_WHAT, TORI_T_PAGE_LOCK_YES, true},
        {"not-me", TORI_T_PAGE_NOT_ME_ASK, TORI_T_PAGE_NOT_ME_WHAT, TORI_T_PAGE_NOT_ME_YES, true},
        {"everywhere", TORI_T_PAGE_EVERYWHERE_ASK, TORI_T_PAGE_EVERYWHERE_WHAT,
         TORI_T_PAGE_EVERYWHERE, false},
        {"remove", TORI_T_PAGE_REMOVE_ASK, TORI_T_PAGE_REMOVE_WHAT, TORI_T_PAGE_REMOVE_YES, true},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        ask(h, &all[i]);
}

/* A button that centre.js understands: which question, which path, what it is about. */
static void act(struct tori_html *h, const char *class, const char *question, const char *path,
                const struct tori_id *id)
{
    tori_html_raw(h, "<button type=\"button\" class=\"");
    tori_html_raw(h, class);
    tori_html_raw(h, "\" data-ask=\"");
    tori_html_raw(h, question);
    tori_html_raw(h, "\" data-post=\"/v1/me/");
    tori_html_raw(h, path);
    if (id != NULL) {
        tori_html_raw(h, "/");
        tori_html_id(h, id);
        tori_html_raw(h, "/");
        tori_html_raw(h, question);
    }
    tori_html_raw(h, "\"");
}

/* Lines of a notice are separated by LF. */
static void paragraphs(struct tori_html *h, struct tori_str text)
{
    size_t from = 0;

    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.at[i] != '\n')
            continue;
        if (i > from) {
            tori_html_raw(h, "<p>");
            tori_html_str(h, (struct tori_str){text.at + from, i - from});
            tori_html_raw(h, "</p>\n");
        }
        from = i + 1;
    }
}

static void notice(struct tori_html *h, const struct tori_view_notice *n)
{
    tori_html_raw(h, "<li class=\"card\">\n<h3 id=\"n-");
    tori_html_id(h, &n->id);
    tori_html_raw(h, "\">");
    tori_html_str(h, n->title);
    tori_html_raw(h, "</h3>\n<p class=\"when\">");
    tori_html_time(h, n->at);
    tori_html_raw(h, "</p>\n");
    paragraphs(h, n->text);
    if (n->disputed) {
        tori_html_wrap(h, "<p class=\"tag\">", TORI_T_PAGE_NOT_ME_SAID, "</p>\n");
    } else if (n->disputable) {
        act(h, "danger-quiet", "not-me", "notices", &n->id);
        tori_html_raw(h, " aria-describedby=\"n-");
        tori_html_id(h, &n->id);
        tori_html_raw(h, "\" data-about=\"n-");
        tori_html_id(h, &n->id);
        tori_html_wrap(h, "\">", TORI_T_PAGE_NOT_ME, "</button>\n");
    }
    tori_html_raw(h, "</li>\n");
}

static void inbox(struct tori_html *h, const struct tori_view_centre *v)
{
    tori_html_wrap(h, "<section aria-labelledby=\"inbox\">\n<h2 id=\"inbox\">",
                   TORI_T_PAGE_INBOX_TITLE, "</h2>\n");
    if (v->notice_count == 0)
        tori_html_wrap(h, "<p class=\"empty\">", TORI_T_PAGE_INBOX_EMPTY, "</p>\n");
    else
        tori_html_wrap(h, "<p>", TORI_T_PAGE_INBOX_HINT, "</p>\n<ul class=\"cards\">\n");
    for (size_t i = 0; i < v->notice_count; i++)
        notice(h, &v->notices[i]);
    tori_html_raw(h, v->notice_count == 0 ? "</section>\n" : "</ul>\n</section>\n");
}

static void session(struct tori_html *h, const struct tori_view_session *s)
{
    tori_html_raw(h, "<li class=\"card\">\n<h3>");
    if (s->device.len > 0)
        tori_html_str(h, s->device);
    else
        tori_html_key(h, TORI_T_PAGE_DEVICE_UNKNOWN);
    tori_html_raw(h, "</h3>\n");
    if (s->current)
        tori_html_wrap(h, "<p class=\"tag good\">", TORI_T_PAGE_SESSION_CURRENT, "</p>\n");
    tori_html_raw(h, "<dl>\n");
    tori_html_wrap(h, "<div><dt>", TORI_T_PAGE_SESSION_CHANNEL, "</dt><dd>");
    if (s->channel.len > 0)
        tori_html_str(h, s->channel);
    else
        tori_html_key(h, TORI_T_PAGE_CENTRE_TITLE);
    tori_html_wrap(h, "</dd></div>\n<div><dt>", TORI_T_PAGE_SESSION_SINCE, "</dt><dd>");
    tori_html_time(h, s->at);
    tori_html_raw(h, "</dd></div>\n</dl>\n</li>\n");
}

static void sessions(struct tori_html *h, const struct tori_view_centre *v)
{
    tori_html_wrap(h, "<section aria-labelledby=\"sessions\">\n<h2 id=\"sessions\">",
                   TORI_T_PAGE_SESSIONS_TITLE, "</h2>\n");
    if (v->session_count > 0)
        tori_html_raw(h, "<ul class=\"cards\">\n");
    for (size_t i = 0; i < v->session_count; i++)
        session(h, &v->sessions[i]);
    tori_html_raw(h, v->session_count > 0 ? "</ul>\n<div class=\"actions\">\n"
                                          : "<div class=\"actions\">\n");
    act(h, "quiet", "", "logout", NULL);
    tori_html_wrap(h, ">", TORI_T_PAGE_LOGOUT, "</button>\n");
    act(h, "quiet", "everywhere", "logout-everywhere", NULL);
    tori_html_wrap(h, ">", TORI_T_PAGE_EVERYWHERE, "</button>\n</div>\n</section>\n");
}

static void credential(struct tori_html *h, const struct tori_view_credential *c)
{
    tori_html_raw(h, "<li class=\"card\">\n<h3 id=\"c-");
    tori_html_id(h, &c->id);
    tori_html_raw(h, "\">");
    tori_html_str(h, c->label);
    tori_html_raw(h, "</h3>\n<dl>\n");
    tori_html_wrap(h, "<div><dt>", TORI_T_PAGE_CREDENTIAL_KIND, "</dt><dd>");
    tori_html_key(h, c->synced ? TORI_T_PAGE_PASSKEY_SYNCED : TORI_T_PAGE_PASSKEY_BOUND);
    tori_html_wrap(h, "</dd></div>\n<div><dt>", TORI_T_PAGE_CREDENTIAL_CREATED, "</dt><dd>");
    tori_html_time(h, c->created_at);
    tori_html_wrap(h, "</dd></div>\n<div><dt>", TORI_T_PAGE_CREDENTIAL_USED, "</dt><dd>");
    if (c->last_used_at != 0)
        tori_html_time(h, c->last_used_at);
    else
        tori_html_key(h, TORI_T_PAGE_NEVER);
    tori_html_raw(h, "</dd></div>\n</dl>\n");
    act(h, "quiet", "remove", "credentials", &c->id);
    tori_html_raw(h, " aria-describedby=\"c-");
    tori_html_id(h, &c->id);
    tori_html_raw(h, "\" data-about=\"c-");
    tori_html_id(h, &c->id);
    tori_html_wrap(h, "\">", TORI_T_PAGE_REMOVE, "</button>\n</li>\n");
}

static void credentials(struct tori_html *h, const struct tori_view_centre *v)
{
    tori_html_wrap(h, "<section aria-labelledby=\"credentials\">\n<h2 id=\"credentials\">",
                   TORI_T_PAGE_CREDENTIALS_TITLE, "</h2>\n");
    if (v->credential_count > 0)
        tori_html_raw(h, "<ul class=\"cards\">\n");
    for (size_t i = 0; i < v->credential_count; i++)
        credential(h, &v->credentials[i]);
    if (v->credential_count > 0)
        tori_html_raw(h, "</ul>\n");
    if (v->credential_count == 1)
        tori_html_wrap(h, "<p class=\"note\">", TORI_T_PAGE_ENROL_SPARE, "</p>\n");
    tori_html_raw(h, "<form method=\"dialog\" data-form=\"/v1/me/credentials\" novalidate>\n<div "
                     "class=\"field\">\n");
    tori_html_wrap(h, "<label for=\"label\">", TORI_T_PAGE_ADD_LABEL, "</label>\n");
    tori_html_wrap(h, "<p class=\"hint\" id=\"label-hint\">", TORI_T_PAGE_ADD_HINT, "</p>\n");
    tori_html_raw(
        h, "<p class=\"error\" id=\"label-error\" role=\"alert\"></p>\n"
           "<input id=\"label\" data-name=\"label\" type=\"text\" autocomplete=\"off\" "
           "maxlength=\"64\" required aria-describedby=\"label-hint label-error\" "
           "data-empty=\"label_empty\" data-bytes=\"64\" data-long=\"label_long\">\n</div>\n");
    tori_html_wrap(h, "<button type=\"submit\" class=\"quiet\">", TORI_T_PAGE_ADD_BUTTON,
                   "</button>\n</form>\n</section>\n");
}

static void stop(struct tori_html *h)
{
    tori_html_wrap(
        h, "<section aria-labelledby=\"stop\" class=\"stop\">\n<h2 id=\"stop\" tabindex=\"-1\">",
        TORI_T_PAGE_LOCK_TITLE, "</h2>\n");
    tori_html_wrap(h, "<p>", TORI_T_PAGE_LOCK_WHEN, "</p>\n<ul>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_LOCK_STOPS, "</li>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_LOCK_CUTS, "</li>\n");
    tori_html_wrap(h, "<li>", TORI_T_PAGE_LOCK_LIFT, "</li>\n</ul>\n");
    act(h, "danger", "lock", "lock", NULL);
    tori_html_wrap(h, ">", TORI_T_PAGE_LOCK_BUTTON, "</button>\n</section>\n");
}

static void locked(struct tori_html *h, const struct tori_view_centre *v)
{
    tori_html_wrap(h, "<section class=\"stop\" aria-labelledby=\"locked\">\n<h2 id=\"locked\">",
                   TORI_T_PAGE_LOCKED_TITLE, "</h2>\n");
    tori_html_raw(h, "<p class=\"when\">");
    tori_html_time(h, v->locked_at);
    tori_html_wrap(h, "</p>\n<p>", TORI_T_PAGE_LOCKED_WHAT, "</p>\n");
    tori_html_wrap(h, "<p>", TORI_T_PAGE_LOCK_LIFT, "</p>\n");
    tori_layout_call(h, &v->frame);
    tori_html_raw(h, "</section>\n");
}

static TORI_RESULT write_page(struct tori_ctx *cx, const struct tori_view_centre *v,
                              struct tori_reply *out)
{
    const struct tori_layout layout = {&v->frame, TORI_T_PAGE_CENTRE_TITLE, "forms.js", true};
    struct tori_html h = tori_layout_begin(cx, out, &layout);

    tori_html_wrap(&h, "<h1>", TORI_T_PAGE_CENTRE_TITLE, "</h1>\n");
    if (!v->locked)
        tori_html_wrap(&h, "<p class=\"alarm\"><a href=\"#stop\">", TORI_T_PAGE_CENTRE_ALARM,
                       "</a></p>\n");
    tori_layout_voices(&h);
    tori_layout_noscript(&h);
    if (v->locked)
        locked(&h, v);
    inbox(&h, v);
    if (!v->locked) {
        sessions(&h, v);
        credentials(&h, v);
        stop(&h);
        questions(&h);
    }
    tori_layout_words(&h, words, sizeof(words) / sizeof(words[0]));
    return tori_layout_end(cx, out, &layout);
}

struct tori_result tori_page_centre(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_view_centre *v = out->view;

    (void)in;
    return v == NULL ? TORI_OK : write_page(cx, v, out);
}
