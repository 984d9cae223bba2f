/* The settings file: what is taken is within its limits and means the same when written again; what
 * is refused is told in one clean line. */
#include <stdio.h>

#include "test/fuzz/fuzz.h"

#include "base/buf.h"
#include "base/settings.h"

static void check_text(const char *value)
{
    assert(value != NULL && strlen(value) <= TORI_SETTINGS_LINE_MAX);
    assert(tori_utf8_valid(tori_str_bytes(tori_str_z(value))));
}

static void put_text(struct tori_buf *buf, const char *name, const char *value)
{
    check_text(value);
    tori_buf_z(buf, name);
    tori_buf_z(buf, " = ");
    tori_buf_z(buf, value);
    tori_buf_byte(buf, '\n');
}

static void put_number(struct tori_buf *buf, const char *name, int64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)value);
    put_text(buf, name, text);
}

static void write_all(struct tori_buf *buf, const struct tori_settings *s)
{
#define TEXT(member, name, usual, doc) put_text(buf, name, s->member);
#define CHOICE(member, name, usual, choice, doc) put_text(buf, name, s->member);
#define NUMBER(member, name, usual, least, most, doc)                                              \
    assert(s->member >= (least) && s->member <= (most));                                           \
    put_number(buf, name, s->member);
#define FLAG(member, name, usual, doc) put_text(buf, name, s->member ? "true" : "false");
#include "settings.def"
#undef TEXT
#undef CHOICE
#undef NUMBER
#undef FLAG
}

static void check_refusal(const char *why)
{
    assert(strncmp(why, "conf:", 5) == 0 && strlen(why) > 6);
    assert(tori_utf8_valid(tori_str_bytes(tori_str_z(why))));
    for (const char *c = why; *c != '\0'; c++)
        assert((uint8_t)*c >= 0x20 || *c == '\t');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    struct tori_settings first, again;
    char why[TORI_SETTINGS_WHY];
    struct tori_buf one = tori_buf_new(cx->arena, 256 * 1024),
                    two = tori_buf_new(cx->arena, 256 * 1024);

    if (size > TORI_SETTINGS_FILE_MAX)
        return 0;
    if (TORI_FAILED(
            tori_settings_parse(cx, "conf", (struct tori_bytes){data, size}, &first, why))) {
        check_refusal(why);
        return 0;
    }
    write_all(&one, &first);
    struct tori_result r = tori_settings_parse(cx, "conf", tori_buf_view(&one), &again, why);
    /* A line that filled its room to the last byte may not have it left for our spaces. */
    if (TORI_FAILED(r)) {
        assert(strstr(why, "a line has at most") != NULL);
        return 0;
    }
    write_all(&two, &again);
    assert(tori_str_eq(tori_buf_text(&one), tori_buf_text(&two)));
    return 0;
}
