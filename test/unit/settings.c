/* Settings: what is good is taken, and every kind of bad line stops the reading with its number. */
#include "test/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/settings.h"

/* Everything that must be set, one line each; a case adds its own as line 19. */
static const char least[] = "store.url = sqlite:/tmp/x.db\n"
                            "data.directory = /tmp/x\n"
                            "customer.listen = 127.0.0.1:1\n"
                            "customer.hosts = a.example\n"
                            "customer.origin = https://a.example\n"
                            "customer.rp_id = a.example\n"
                            "operator.listen = 127.0.0.1:2\n"
                            "operator.hosts = b.example\n"
                            "operator.origin = https://b.example\n"
                            "operator.rp_id = b.example\n"
                            "channel.listen = 127.0.0.1:3\n"
                            "channel.hosts = c.example\n"
                            "channel.tls_certificate = c.pem\n"
                            "channel.tls_key = c.key\n"
                            "firm.name_ja = 見本証券\n"
                            "firm.name_en = Mihon\n"
                            "\n"
                            "# a comment = not a setting\n";
enum { OWN_LINE = 19 };

struct reading {
    struct tori_settings settings;
    char why[TORI_SETTINGS_WHY];
};

static struct tori_result read_text(struct tori_ctx *cx, const char *first, struct tori_str own,
                                    struct reading *out)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 128 * 1024);

    tori_buf_z(&buf, first);
    tori_buf_str(&buf, own);
    return tori_settings_parse(cx, "x.conf", tori_buf_view(&buf), &out->settings, out->why);
}

static struct tori_result read_line(struct tori_ctx *cx, const char *own, struct reading *out)
{
    return read_text(cx, least, tori_str_z(own), out);
}

static void assert_refused(struct tori_ctx *cx, struct tori_str own, const char *reason)
{
    struct reading got;
    char want[TORI_SETTINGS_WHY];

    assert_fails(read_text(cx, least, own, &got), TORI_ERR_SETTING_BAD);
    snprintf(want, sizeof(want), "x.conf:%d: %s", OWN_LINE, reason);
    assert_string_equal(got.why, want);
}

static void the_least_is_enough_and_the_rest_is_default(void **state)
{
    struct tori_ctx *cx = *state;
    struct reading got;

    assert_ok(cx, read_line(cx, "", &got));
    assert_string_equal(got.settings.firm_name_ja, "見本証券");
    assert_string_equal(got.settings.firm_phone, "");
    assert_string_equal(got.settings.smtp_security, "starttls");
    assert_int_equal(got.settings.store_lease_ms, 10000);
    assert_true(got.settings.rate_limits);
    assert_false(got.settings.demo);
}

static void good_lines_are_taken(void **state)
{
    struct tori_ctx *cx = *state;
    struct reading got;

    assert_ok(cx, read_line(cx, "  workers=7\t\r\n\n\r\n  # end", &got));
    assert_int_equal(got.settings.workers, 7);
    assert_ok(cx, read_line(cx, "demo = true", &got));
    assert_true(got.settings.demo);
    assert_ok(cx, read_line(cx, "limits.rates = false\n", &got));
    assert_false(got.settings.rate_limits);
    assert_ok(cx, read_line(cx, "courier.smtp_security = tls", &got));
    assert_string_equal(got.settings.smtp_security, "tls");
    assert_ok(cx, read_line(cx, "firm.phone = 0120 = 000", &got)); /* the first sign parts it */
    assert_string_equal(got.settings.firm_phone, "0120 = 000");
    assert_ok(cx, read_line(cx, "firm.phone =", &got));
    assert_string_equal(got.settings.firm_phone, "");
    assert_ok(cx, read_line(cx, "workers = 0000000000001", &got));
    assert_int_equal(got.settings.workers, 1);
}

struct bad_line {
    struct tori_str line;
    const char *reason;
};

static void every_bad_line_is_told_with_its_number(void **state)
{
    static const struct bad_line bad[] = {
        {TORI_STR_INIT("no.such = 1"),
         "there is no setting \"no.such\" (torimori settings lists them)"},
        {TORI_STR_INIT("worker = 1"),
         "there is no setting \"worker\" (torimori settings lists them)"},
        {TORI_STR_INIT("workerss = 1"),
         "there is no setting \"workerss\" (torimori settings lists them)"},
        {TORI_STR_INIT("Workers = 1"),
         "there is no setting \"Workers\" (torimori settings lists them)"},
        {TORI_STR_INIT("= 1"), "there is no setting \"\" (torimori settings lists them)"},
        {TORI_STR_INIT("\xef\xbb\xbfworkers = 1"),
         "there is no setting \"\xef\xbb\xbfworkers\" (torimori settings lists them)"},
        {TORI_STR_INIT("workers"), "a line is name = value"},
        {TORI_STR_INIT("workers 4"), "a line is name = value"},
        {TORI_STR_INIT("workers: 4"), "a line is name = value"},
        {TORI_STR_INIT("store.url = sqlite:/other"), "store.url stands twice"},
        {TORI_STR_INIT("workers ="), "workers must be a whole number from 1 to 64, not \"\""},
        {TORI_STR_INIT("workers = two"),
         "workers must be a whole number from 1 to 64, not \"two\""},
        {TORI_STR_INIT("workers = 2 # a few"),
         "workers must be a whole number from 1 to 64, not \"2 # a few\""},
        {TORI_STR_INIT("workers = 2.0"),
         "workers must be a whole number from 1 to 64, not \"2.0\""},
        {TORI_STR_INIT("workers = 0x2"),
         "workers must be a whole number from 1 to 64, not \"0x2\""},
        {TORI_STR_INIT("workers = +2"), "workers must be a whole number from 1 to 64, not \"+2\""},
        {TORI_STR_INIT("workers = -2"), "workers must be a whole number from 1 to 64, not \"-2\""},
        {TORI_STR_INIT("workers = 0"), "workers must be a whole number from 1 to 64, not \"0\""},
        {TORI_STR_INIT("workers = 65"), "workers must be a whole number from 1 to 64, not \"65\""},
        {TORI_STR_INIT("workers = 18446744073709551618"),
         "workers must be a whole number from 1 to 64, not \"18446744073709551618\""},
        {TORI_STR_INIT("demo = yes"), "demo must be true or false, not \"yes\""},
        {TORI_STR_INIT("demo = True"), "demo must be true or false, not \"True\""},
        {TORI_STR_INIT("demo ="), "demo must be true or false, not \"\""},
        {TORI_STR_INIT("courier.smtp_security = tsl"),
         "courier.smtp_security must be one of: starttls tls plain; not \"tsl\""},
        {TORI_STR_INIT("courier.smtp_security = starttls tls"),
         "courier.smtp_security must be one of: starttls tls plain; not \"starttls tls\""},
        {TORI_STR_INIT("courier.smtp_security ="),
         "courier.smtp_security must be one of: starttls tls plain; not \"\""},
        {TORI_STR_INIT("firm.phone = \x1b[2J"), "a control character (byte 14)"},
        {TORI_STR_INIT("firm.phone = a\rb"), "a control character (byte 15)"},
        {TORI_STR_INIT("firm.phone = a\x7f"), "a control character (byte 15)"},
        {{"firm.phone = a\0b", 16}, "a control character (byte 15)"},
        {{"# a\0b", 5}, "a control character (byte 4)"},
        {TORI_STR_INIT("firm.phone = \xe3\x81"), "this is not UTF-8"},
        {TORI_STR_INIT("firm.phone = \xc0\xaf"), "this is not UTF-8"},
        {TORI_STR_INIT("# \xff"), "this is not UTF-8"},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(*state, bad[i].line, bad[i].reason);
}

static void a_message_quotes_the_beginning_in_whole_characters(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_buf buf = tori_buf_new(cx->arena, 4096);
    struct reading got;

    tori_buf_z(&buf, "workers = x");
    for (int i = 0; i < 30; i++)
        tori_buf_z(&buf, "取");
    assert_fails(read_text(cx, least, tori_buf_text(&buf), &got), TORI_ERR_SETTING_BAD);
    assert_true(tori_utf8_valid(tori_str_bytes(tori_str_z(got.why))));
    assert_int_equal(strlen(strstr(got.why, "not \"x")), strlen("not \"x\"") + 19 * strlen("取"));
}

static void a_line_has_an_end(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_buf buf = tori_buf_new(cx->arena, 4096);
    struct reading got;

    tori_buf_z(&buf, "firm.phone = ");
    while (buf.len < TORI_SETTINGS_LINE_MAX)
        tori_buf_byte(&buf, '0');
    assert_ok(cx, read_text(cx, least, tori_buf_text(&buf), &got));
    tori_buf_byte(&buf, '0');
    assert_refused(cx, tori_buf_text(&buf), "a line has at most 2048 bytes");
}

/* The text without the line that sets `name`. */
static struct tori_str without(struct tori_ctx *cx, const char *name)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 4096);
    const char *at = strstr(least, name), *end = strchr(at, '\n') + 1;

    tori_buf_str(&buf, (struct tori_str){least, (size_t)(at - least)});
    tori_buf_z(&buf, end);
    return tori_buf_text(&buf);
}

static void assert_needed(struct tori_ctx *cx, const char *name, const char *doc)
{
    struct reading got;
    char want[TORI_SETTINGS_WHY];
    struct tori_str rest = without(cx, name);

    assert_fails(read_text(cx, "", rest, &got), TORI_ERR_SETTING_BAD);
    snprintf(want, sizeof(want), "x.conf: %s must be set: %s", name, doc);
    assert_string_equal(got.why, want);

    struct tori_buf empty = tori_buf_new(cx->arena, 256);
    tori_buf_z(&empty, name);
    tori_buf_z(&empty, " = \n");
    tori_buf_str(&empty, rest);
    assert_fails(read_text(cx, "", tori_buf_text(&empty), &got), TORI_ERR_SETTING_BAD);
    snprintf(want, sizeof(want), "x.conf:1: %s must be set: %s", name, doc);
    assert_string_equal(got.why, want);
}

static void what_must_be_set_is_missed(void **state)
{
#define TEXT(member, name, usual, doc)                                                             \
    if ((const char *)usual == NULL)                                                               \
        assert_needed(*state, name, doc);
#define CHOICE(member, name, usual, choice, doc)
#define NUMBER(member, name, usual, least, most, doc)
#define FLAG(member, name, usual, doc)
#include "settings.def"
#undef TEXT
#undef CHOICE
#undef NUMBER
#undef FLAG
}

static struct tori_result read_number(struct tori_ctx *cx, const char *name, int64_t value,
                                      struct reading *out)
{
    char line[200];

    snprintf(line, sizeof(line), "%s = %lld\n", name, (long long)value);
    return read_line(cx, line, out);
}

static void every_number_keeps_its_limits(void **state)
{
    struct tori_ctx *cx = *state;
    struct reading got;

#define TEXT(member, name, usual, doc)
#define CHOICE(member, name, usual, choice, doc)
#define NUMBER(member, name, usual, first, last, doc)                                              \
    assert_ok(cx, read_number(cx, name, first, &got));                                             \
    assert_int_equal(got.settings.member, first);                                                  \
    assert_ok(cx, read_number(cx, name, last, &got));                                              \
    assert_int_equal(got.settings.member, last);                                                   \
    assert_true((usual) >= (first) && (usual) <= (last));                                          \
    assert_fails(read_number(cx, name, (int64_t)(first)-1, &got), TORI_ERR_SETTING_BAD);           \
    assert_fails(read_number(cx, name, (int64_t)(last) + 1, &got), TORI_ERR_SETTING_BAD);          \
    tori_arena_reset(cx->arena);
#define FLAG(member, name, usual, doc)
#include "settings.def"
#undef TEXT
#undef CHOICE
#undef NUMBER
#undef FLAG
}

/* Files -------------------------------------------------------------------------------------- */

static void assert_file_refused(struct tori_ctx *cx, const char *path, const char *reason)
{
    struct reading got;
    char want[TORI_SETTINGS_WHY];

    assert_true(TORI_FAILED(tori_settings_read(cx, path, &got.settings, got.why)));
    snprintf(want, sizeof(want), "%s: %s", path, reason);
    assert_string_equal(got.why, want);
}

static void write_file(const char *path, const char *text, size_t times, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    for (size_t i = 0; i < times; i++)
        fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void a_file_must_be_readable_small_and_closed_to_others(void **state)
{
    struct tori_ctx *cx = *state;
    static const char unread[] = "cannot be read, or is larger than 65536 bytes";
    char folder[] = "/tmp/tori-settings-XXXXXX", path[64];
    struct reading got;

    assert_non_null(mkdtemp(folder));
    assert_file_refused(cx, folder, unread);
    snprintf(path, sizeof(path), "%s/conf", folder);
    assert_file_refused(cx, path, unread);
    write_file(path, least, 1, 0640);
    assert_ok(cx, tori_settings_read(cx, path, &got.settings, got.why));
    assert_int_equal(chmod(path, 0646), 0);
    assert_file_refused(cx, path, "everybody may write to this file");
    write_file(path, "# a line of a comment that goes on and on and never ends\n", 1200, 0600);
    assert_file_refused(cx, path, unread);
    write_file(path, least, 1, 0000);
    if (geteuid() != 0) /* root reads everything */
        assert_file_refused(cx, path, unread);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(the_least_is_enough_and_the_rest_is_default),
        unit(good_lines_are_taken),
        unit(every_bad_line_is_told_with_its_number),
        unit(a_message_quotes_the_beginning_in_whole_characters),
        unit(a_line_has_an_end),
        unit(what_must_be_set_is_missed),
        unit(every_number_keeps_its_limits),
        unit(a_file_must_be_readable_small_and_closed_to_others),
    };
    return tori_unit_run("settings", tests);
}
