/* GET /desk and /desk/{customer}: what the support desk does for somebody on the telephone or at
 * the counter. Recording a proofing and asking for an unlock only begin an approval; a lock holds
 * at once. */
#include "http/page/layout.h"

static const struct tori_layout_word words[] = {
    {"working", TORI_T_PAGE_WORD_WORKING},
    {"offline", TORI_T_PAGE_WORD_OFFLINE},
    {"going", TORI_T_PAGE_WORD_GOING},
    {"ref_empty", TORI_T_CONSOLE_DESK_REF_EMPTY},
    {"checked_empty", TORI_T_CONSOLE_PROOFING_CHECKED_EMPTY},
    {"too_long", TORI_T_CONSOLE_TOO_LONG},
};

/* One labelled text field: `name` is a literal and unique on the page together with `nth`. */
struct text_field {
    const char *name;
    const char *empty; /* the word that says it must not be empty */
    const char *bytes;
    enum tori_text_key label;
    enum tori_text_key hint;
};

static void field_id(struct tori_html *h, const struct text_field *f, size_t nth)
{
    tori_html_raw(h, f->name);
    tori_html_raw(h, "-");
    tori_html_int(h, (int64_t)nth);
}

static void text_field(struct tori_html *h, const struct text_field *f, size_t nth)
{
    tori_html_raw(h, "<div class=\"field\">\n<label for=\"");
    field_id(h, f, nth);
    tori_html_wrap(h, "\">", f->label, "</label>\n<p class=\"hint\" id=\"");
    field_id(h, f, nth);
    tori_html_wrap(h, "-hint\">", f->hint, "</p>\n<p class=\"error\" role=\"alert\" id=\"");
    field_id(h, f, nth);
    tori_html_raw(h, "-error\"></p>\n<input type=\"text\" autocomplete=\"off\" required id=\"");
    field_id(h, f, nth);
    tori_html_raw(h, "\" data-name=\"");
    tori_html_raw(h, f->name);
    tori_html_raw(h, "\" data-empty=\"");
    tori_html_raw(h, f->empty);
    tori_html_raw(h, "\" data-long=\"too_long\" data-bytes=\"");
    tori_html_raw(h, f->bytes);
    tori_html_raw(h, "\" aria-describedby=\"");
    field_id(h, f, nth);
    tori_html_raw(h, "-hint ");
    field_id(h, f, nth);
    tori_html_raw(h, "-error\">\n</div>\n");
}

static const struct text_field ref_field = {"ref", "ref_empty", "64", TORI_T_CONSOLE_DESK_REF,
                                            TORI_T_CONSOLE_DESK_REF_HINT};
static const struct text_field checked_field = {"checked", "checked_empty", "256",
                                                TORI_T_CONSOLE_PROOFING_CHECKED,
                                                TORI_T_CONSOLE_PROOFING_CHECKED_HINT};
static void hidden(struct tori_html *h, const char *name, struct tori_str value)
{
    tori_html_raw(h, "<input type=\"hidden\" data-name=\"");
    tori_html_raw(h, name);
    tori_html_raw(h, "\" value=\"");
    tori_html_str(h, value);
    tori_html_raw(h, "\">\n");
}

/* What begins an approval goes on to the list of approvals; a lock stays here. */
static void form_open(struct tori_html *h, const char *path, const char *next)
{
    tori_html_raw(h, "<form method=\"dialog\" novalidate data-form=\"/v1/desk/");
    tori_html_raw(h, path);
    tori_html_raw(h, "\" data-next=\"");
    tori_html_raw(h, next);
    tori_html_raw(h, "\">\n");
}

static void find(struct tori_html *h)
{
    tori_html_wrap(h, "<section>\n<h2>", TORI_T_CONSOLE_DESK_FIND,
                   "</h2>\n<form method=\"dialog\" data-form=\"/v1/desk/find\" novalidate>\n");
    text_field(h, &ref_field, 0);
    tori_html_wrap(h, "<button type=\"submit\" class=\"primary\">", TORI_T_CONSOLE_DESK_FIND_BUTTON,
                   "</button>\n</form>\n</section>\n");
}

static void kinds(struct tori_html *h, size_t nth)
{
    static const struct {
        const char *word;
        enum tori_text_key key;
    } all[] = {
        {"document", TORI_T_CONSOLE_PROOFING_DOCUMENT},
        {"in_person", TORI_T_CONSOLE_PROOFING_IN_PERSON},
        {"video", TORI_T_CONSOLE_PROOFING_VIDEO},
    };

    tori_html_wrap(h, "<fieldset>\n<legend>", TORI_T_CONSOLE_PROOFING_KIND, "</legend>\n");
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        tori_html_raw(h, "<label class=\"choice\"><input type=\"radio\" name=\"kind\" value=\"");
        tori_html_raw(h, all[i].word);
        tori_html_raw(h, i == 0 ? "\" checked id=\"kind-" : "\" id=\"kind-");
        tori_html_int(h, (int64_t)nth);
        tori_html_raw(h, "-");
        tori_html_raw(h, all[i].word);
        tori_html_wrap(h, "\"> <span>", all[i].key, "</span></label>\n");
    }
    tori_html_raw(h, "</fieldset>\n");
}

static void fact(struct tori_html *h, enum tori_text_key label)
{
    tori_html_wrap(h, "<div><dt>", label, "</dt><dd>");
}

static void user_facts(struct tori_html *h, const struct tori_view_desk_user *u)
{
    tori_html_raw(h, "<dl>\n");
    fact(h, TORI_T_CONSOLE_USER_REF);
    tori_html_str(h, u->ref);
    tori_html_raw(h, "</dd></div>\n");
    fact(h, TORI_T_CONSOLE_USER_CREDENTIALS);
    tori_html_int(h, u->credentials);
    tori_html_raw(h, "</dd></div>\n");
    fact(h, TORI_T_CONSOLE_USER_LOGIN);
    if (u->last_login != 0)
        tori_html_time(h, u->last_login);
    else
        tori_html_key(h, TORI_T_PAGE_NEVER);
    tori_html_raw(h, "</dd></div>\n");
    fact(h, TORI_T_CONSOLE_USER_WINDOW);
    if (u->window_until != 0)
        tori_html_time(h, u->window_until);
    else
        tori_html_key(h, TORI_T_CONSOLE_USER_WINDOW_NONE);
    tori_html_raw(h, "</dd></div>\n</dl>\n");
}

/* For one user; for an unlock it speaks of the customer. */
static void proofing_form(struct tori_html *h, const struct tori_view_desk *v, size_t nth,
                          bool unlock)
{
    form_open(h, unlock ? "unlocks" : "proofings", "/");
    hidden(h, "customer", v->ref);
    if (!unlock)
        hidden(h, "user", v->users[nth].ref);
    kinds(h, nth);
    text_field(h, &checked_field, nth + 1);
    tori_html_wrap(h, "<button type=\"submit\" class=\"primary\">",
                   unlock ? TORI_T_CONSOLE_UNLOCK_BUTTON : TORI_T_CONSOLE_PROOFING_BUTTON,
                   "</button>\n</form>\n");
}

static void user(struct tori_html *h, const struct tori_view_desk *v, size_t nth)
{
    const struct tori_view_desk_user *u = &v->users[nth];

    tori_html_raw(h, "<li class=\"card\">\n<h3>");
    tori_html_str(h, u->name);
    tori_html_raw(h, "</h3>\n");
    user_facts(h, u);
    tori_html_wrap(h, "<details>\n<summary>", TORI_T_CONSOLE_PROOFING_TITLE, "</summary>\n");
    tori_html_wrap(h, "<p>", TORI_T_CONSOLE_PROOFING_LEAD, "</p>\n");
    proofing_form(h, v, nth, false);
    tori_html_raw(h, "</details>\n</li>\n");
}

static void lock(struct tori_html *h, const struct tori_view_desk *v)
{
    tori_html_wrap(h, "<section class=\"stop\">\n<h2>", TORI_T_CONSOLE_LOCK_TITLE, "</h2>\n");
    tori_html_wrap(h, "<p>", TORI_T_CONSOLE_LOCK_LEAD, "</p>\n");
    form_open(h, "locks", "");
    hidden(h, "customer", v->ref);
    tori_html_wrap(h, "<button type=\"submit\" class=\"danger\">", TORI_T_CONSOLE_LOCK_BUTTON,
                   "</button>\n</form>\n</section>\n");
}

static void unlock(struct tori_html *h, const struct tori_view_desk *v)
{
    tori_html_wrap(h, "<section class=\"stop\">\n<h2>", TORI_T_CONSOLE_UNLOCK_TITLE, "</h2>\n");
    tori_html_wrap(h, "<p>", TORI_T_CONSOLE_LOCKED_SINCE, " ");
    tori_html_time(h, v->locked_at);
    tori_html_wrap(h, "</p>\n<p>", TORI_T_CONSOLE_UNLOCK_LEAD, "</p>\n");
    proofing_form(h, v, v->user_count, true);
    tori_html_raw(h, "</section>\n");
}

static void customer(struct tori_html *h, const struct tori_view_desk *v)
{
    tori_html_wrap(h, "<section>\n<h2>", TORI_T_CONSOLE_DESK_CUSTOMER, " ");
    tori_html_str(h, v->ref);
    tori_html_raw(h, "</h2>\n");
    tori_html_wrap(h, "<p>", v->company ? TORI_T_CONSOLE_DESK_COMPANY : TORI_T_CONSOLE_DESK_PERSON,
                   "</p>\n<ul class=\"cards\">\n");
    for (size_t i = 0; i < v->user_count; i++)
        user(h, v, i);
    tori_html_raw(h, "</ul>\n</section>\n");
    if (v->locked)
        unlock(h, v);
    else
        lock(h, v);
}

struct tori_result tori_page_desk(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_view_desk *v = out->view;
    const struct tori_layout layout = {&v->frame, TORI_T_CONSOLE_DESK_TITLE, "forms.js", true};
    struct tori_html h = tori_layout_begin(cx, out, &layout);
    (void)in;

    tori_html_wrap(&h, "<h1>", TORI_T_CONSOLE_DESK_TITLE, "</h1>\n");
    tori_html_wrap(&h, "<p class=\"lead\">", TORI_T_CONSOLE_DESK_LEAD, "</p>\n");
    tori_layout_voices(&h);
    tori_layout_noscript(&h);
    if (v->chosen)
        customer(&h, v);
    find(&h);
    tori_layout_words(&h, words, sizeof(words) / sizeof(words[0]));
    return tori_layout_end(cx, out, &layout);
}
