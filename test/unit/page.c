/* Pages: every state in both languages has its landmarks, its tags close, and nothing that came
 * from outside becomes markup. The samples are full of hostile text. */
#include "test/unit/unit.h"

#include "http/page/layout.h"
#include "samples.h"

/* How often a literal occurs. */
static size_t count(struct tori_str page, const char *needle)
{
    size_t n = strlen(needle), found = 0;

    for (size_t i = 0; i + n <= page.len; i++)
        if (memcmp(page.at + i, needle, n) == 0)
            found++;
    return found;
}

typedef void each_fn(struct tori_ctx *cx, const char *name, struct tori_str page);

static void each(struct tori_ctx *cx, each_fn *check)
{
    for (size_t i = 0; i < tori_sample_count; i++)
        for (int lang = TORI_JA; lang < TORI_LANG_COUNT; lang++) {
            struct tori_reply out;
            tori_arena_reset(cx->arena);
            cx->lang = (enum tori_lang)lang;
            assert_ok(cx, tori_sample_render(cx, &tori_samples[i], &out));
            check(cx, tori_samples[i].name, tori_buf_text(&out.body));
        }
}

static void expect(const char *name, struct tori_str page, const char *needle, size_t times)
{
    if (count(page, needle) != times)
        fail_msg("%s: \"%s\" stands %zu times, not %zu", name, needle, count(page, needle), times);
}

static void check_landmarks(struct tori_ctx *cx, const char *name, struct tori_str page)
{
    expect(name, page, "<!DOCTYPE html>\n<html lang=", 1);
    expect(name, page, cx->lang == TORI_JA ? "<html lang=\"ja\">" : "<html lang=\"en\">", 1);
    expect(name, page, "<title>", 1);
    expect(name, page, "<h1>", 1);
    expect(name, page, "<main id=\"main\"", 1);
    expect(name, page, "<header class=\"site\">", 1);
    expect(name, page, "<footer class=\"site\">", 1);
    expect(name, page, "class=\"skip\" href=\"#main\"", 1);
    expect(name, page, "?lang=", 1);
}

/* A11Y-01 */
static void landmarks(void **state)
{
    each(*state, check_landmarks);
}

static void check_script(struct tori_ctx *cx, const char *name, struct tori_str page)
{
    (void)cx;
    expect(name, page, "<script", count(page, "<script type=\"module\" src=\"/web/"));
    expect(name, page, "</script>", count(page, "<script type=\"module\""));
    expect(name, page, "style=", 0);
    expect(name, page, "<style", 0);
    expect(name, page, "onclick", 0);
    expect(name, page, "javascript:", 0);
    expect(name, page, "type=\"password\"", 0);
}

static void check_forms(struct tori_ctx *cx, const char *name, struct tori_str page)
{
    (void)cx;
    expect(name, page, "method=\"dialog\"", count(page, "<form"));
    expect(name, page, " name=\"",
           count(page, "<meta name=") + count(page, "type=\"radio\" name="));
}

/* A form that the browser sends by itself would put the enrolment code into an address. */
static void forms_send_nothing_by_themselves(void **state)
{
    each(*state, check_forms);
}

static void no_inline_script_or_style(void **state)
{
    each(*state, check_script);
}

static void check_escapes(struct tori_ctx *cx, const char *name, struct tori_str page)
{
    static const char *const hostile[] = {"<b>", "<i>", "<em>", "<key>", "<次郎>", "alert(1)<"};

    (void)cx;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
        expect(name, page, hostile[i], 0);
}

static void everything_is_escaped(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_reply out;

    each(cx, check_escapes);
    for (size_t i = 0; i < tori_sample_count; i++) {
        if (strcmp(tori_samples[i].name, "confirm") != 0)
            continue;
        assert_ok(cx, tori_sample_render(cx, &tori_samples[i], &out));
        expect("confirm", tori_buf_text(&out.body), "&lt;b&gt;&amp;&quot;&#39;", 1);
    }
}

struct open_tag {
    const char *at;
    size_t len;
};

static bool is_void(struct open_tag tag)
{
    static const char *const all[] = {"meta", "link", "input", "path"};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strlen(all[i]) == tag.len && memcmp(all[i], tag.at, tag.len) == 0)
            return true;
    return false;
}

static size_t name_len(const char *at, const char *end)
{
    size_t n = 0;

    while (at + n < end && (at[n] >= 'a' && at[n] <= 'z' ? true : at[n] >= '0' && at[n] <= '9'))
        n++;
    return n;
}

static void check_balance(struct tori_ctx *cx, const char *name, struct tori_str page)
{
    struct open_tag stack[64];
    const char *end = page.at + page.len;
    size_t depth = 0;

    (void)cx;
    for (const char *p = page.at; p < end; p++) {
        if (p[0] != '<' || p[1] == '!')
            continue;
        bool closes = p[1] == '/';
        const char *from = p + (closes ? 2 : 1);
        struct open_tag tag = {from, name_len(from, end)};
        if (is_void(tag))
            continue;
        if (!closes) {
            assert_true(depth < 64);
            stack[depth++] = tag;
            continue;
        }
        if (depth == 0 || stack[depth - 1].len != tag.len ||
            memcmp(stack[depth - 1].at, tag.at, tag.len) != 0)
            fail_msg("%s: </%.*s> closes nothing", name, (int)tag.len, tag.at);
        depth--;
    }
    if (depth != 0)
        fail_msg("%s: <%.*s> stays open", name, (int)stack[depth - 1].len, stack[depth - 1].at);
}

static void tags_close(void **state)
{
    each(*state, check_balance);
}

static struct tori_str by_name(struct tori_ctx *cx, const char *name, struct tori_reply *out)
{
    for (size_t i = 0; i < tori_sample_count; i++)
        if (strcmp(tori_samples[i].name, name) == 0)
            assert_ok(cx, tori_sample_render(cx, &tori_samples[i], out));
    assert_true(out->body.len > 0);
    return tori_buf_text(&out->body);
}

/* The page shows every field of what is signed. AUTH-26 */
static void confirm_shows_what_is_signed(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_reply out = {0};
    struct tori_str page = by_name(cx, "confirm", &out);

    expect("confirm", page, "<dd>JPY 1,500,000</dd>", 1);
    expect("confirm", page, "<dd>A-1 総合口座</dd>", 1);
    expect("confirm", page, "***4567", 1);
    page = by_name(cx, "confirm-order", &out);
    expect("confirm-order", page, "<dd>12,345.67 USD</dd>", 1);
    expect("confirm-order", page, "<dd>12,000</dd>", 1);
    expect("confirm-order", page, "<dd>Buy</dd>", 1);
}

/* A login asks for no user name and no password. */
static void login_asks_for_nothing(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_reply out = {0};
    struct tori_str page = by_name(cx, "login", &out);

    expect("login", page, "<input", 1);
    expect("login", page, "autocomplete=\"username webauthn\"", 1);
    expect("login", page, "<form", 0);
    expect("login", page, "<label", 0);
}

static void money_of(struct tori_ctx *cx, const char *code, int64_t minor, const char *want)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 256);
    struct tori_html h = {&buf, TORI_EN};

    tori_html_money(&h, tori_str_z(code), minor);
    assert_text(tori_buf_text(&buf), want);
}

static void money(void **state)
{
    struct tori_ctx *cx = *state;

    money_of(cx, "JPY", 0, "JPY 0");
    money_of(cx, "JPY", 999, "JPY 999");
    money_of(cx, "JPY", 1000, "JPY 1,000");
    money_of(cx, "JPY", INT64_MAX, "JPY 9,223,372,036,854,775,807");
    money_of(cx, "JPY", INT64_MIN, "JPY -9,223,372,036,854,775,808");
    money_of(cx, "USD", 5, "0.05 USD");
    money_of(cx, "USD", 123456, "1,234.56 USD");
    money_of(cx, "KWD", 1234567, "1,234.567 KWD");
}

static void time_is_japan_time(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_buf buf = tori_buf_new(cx->arena, 256);
    struct tori_html h = {&buf, TORI_EN};

    tori_html_time(&h, (tori_time)TORI_UNIT_NOW_S * 1000);
    assert_text(tori_buf_text(&buf), "<time datetime=\"2026-11-20T05:00:00.000Z\">2026-11-20 14:00 "
                                     "(Japan time)</time>");
}

static void error_pages_have_their_status(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_reply out = {0};

    by_name(cx, "error-later", &out);
    assert_int_equal(out.status, 503);
    expect("error-later", tori_buf_text(&out.body), "keyholder_away", 1);
    expect("error-later", tori_buf_text(&out.body), "about 2 seconds", 1);
    by_name(cx, "error-not-found", &out);
    assert_int_equal(out.status, 404);
}

static void a_page_past_its_cap_is_an_error(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_view_start view = {.kind = TORI_VIEW_START_HOME};
    struct tori_reply out = {.view = &view, .body = tori_buf_new(cx->arena, 100)};

    assert_fails(tori_page_start(cx, NULL, &out), TORI_ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(landmarks),
        unit(no_inline_script_or_style),
        unit(forms_send_nothing_by_themselves),
        unit(everything_is_escaped),
        unit(tags_close),
        unit(confirm_shows_what_is_signed),
        unit(login_asks_for_nothing),
        unit(money),
        unit(time_is_japan_time),
        unit(error_pages_have_their_status),
        unit(a_page_past_its_cap_is_an_error),
    };
    return tori_unit_run("page", tests);
}
