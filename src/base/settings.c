#include "base/settings.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

enum kind { KIND_TEXT, KIND_CHOICE, KIND_NUMBER, KIND_FLAG };

struct row {
    const char *name;
    const char *doc;
    const char *text;   /* default of a text or choice; NULL: must be set */
    const char *choice; /* its words, parted by spaces */
    int64_t number;     /* default of a number or flag */
    int64_t least;
    int64_t most;
    size_t offset;
    enum kind kind;
};

static const struct row rows[] = {
#define TEXT(member, name_, usual, doc_)                                                           \
    {.name = name_,                                                                                \
     .doc = doc_,                                                                                  \
     .text = usual,                                                                                \
     .offset = offsetof(struct tori_settings, member),                                             \
     .kind = KIND_TEXT},
#define CHOICE(member, name_, usual, choice_, doc_)                                                \
    {.name = name_,                                                                                \
     .doc = doc_,                                                                                  \
     .text = usual,                                                                                \
     .choice = choice_,                                                                            \
     .offset = offsetof(struct tori_settings, member),                                             \
     .kind = KIND_CHOICE},
#define NUMBER(member, name_, usual, least_, most_, doc_)                                          \
    {.name = name_,                                                                                \
     .doc = doc_,                                                                                  \
     .number = usual,                                                                              \
     .least = least_,                                                                              \
     .most = most_,                                                                                \
     .offset = offsetof(struct tori_settings, member),                                             \
     .kind = KIND_NUMBER},
#define FLAG(member, name_, usual, doc_)                                                           \
    {.name = name_,                                                                                \
     .doc = doc_,                                                                                  \
     .number = usual,                                                                              \
     .offset = offsetof(struct tori_settings, member),                                             \
     .kind = KIND_FLAG},
#include "settings.def"
#undef TEXT
#undef CHOICE
#undef NUMBER
#undef FLAG
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* One reading of one file. */
struct reading {
    struct tori_ctx *cx;
    const char *path;
    struct tori_settings *out;
    char *why;
    int line;
    bool seen[ROWS];
};

#define BAD(reading, ...)                                                                          \
    (snprintf((reading)->why, TORI_SETTINGS_WHY, __VA_ARGS__),                                     \
     TORI_FAIL((reading)->cx, SETTING_BAD, tori_i64("line", (reading)->line)))

static void *place(const struct reading *reading, const struct row *row)
{
    return (uint8_t *)reading->out + row->offset;
}

static struct tori_str trim(struct tori_str s)
{
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) {
        s.at++;
        s.len--;
    }
    while (s.len > 0 &&
           (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t' || s.at[s.len - 1] == '\r'))
        s.len--;
    return s;
}

static bool read_number(struct tori_str text, int64_t *out)
{
    int64_t n = 0;

    if (text.len == 0 || text.len > 15)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        n = n * 10 + (text.at[i] - '0');
    }
    *out = n;
    return true;
}

/* What a message quotes: its beginning, never half a character. */
static struct tori_str shown(struct tori_str s)
{
    enum { SHOWN = 60 };

    if (s.len <= SHOWN)
        return s;
    s.len = SHOWN;
    while (s.len > 0 && ((uint8_t)s.at[s.len] & 0xc0) == 0x80)
        s.len--;
    return s;
}

static TORI_RESULT must_be_set(struct reading *r, const struct row *row)
{
    if (r->line == 0)
        return BAD(r, "%s: %s must be set: %s", r->path, row->name, row->doc);
    return BAD(r, "%s:%d: %s must be set: %s", r->path, r->line, row->name, row->doc);
}

static TORI_RESULT set_text(struct reading *r, const struct row *row, struct tori_str value)
{
    char *copy;

    if (value.len == 0 && row->text == NULL)
        return must_be_set(r, row);
    TORI_TRY(tori_take(r->cx, value.len + 1, &copy));
    memcpy(copy, value.at, value.len);
    memcpy(place(r, row), &copy, sizeof(copy));
    return TORI_OK;
}

/* A value with a space in it is no word, though it may be part of the list. */
static bool is_listed(const char *list, struct tori_str value)
{
    for (size_t n = 0; *list != '\0'; list += n + (list[n] == ' ')) {
        n = strcspn(list, " ");
        if (tori_str_eq((struct tori_str){list, n}, value))
            return true;
    }
    return false;
}

static TORI_RESULT set_choice(struct reading *r, const struct row *row, struct tori_str value)
{
    if (!is_listed(row->choice, value))
        return BAD(r, "%s:%d: %s must be one of: %s; not \"%.*s\"", r->path, r->line, row->name,
                   row->choice, TORI_STR_ARG(shown(value)));
    return set_text(r, row, value);
}

static TORI_RESULT set_number(struct reading *r, const struct row *row, struct tori_str value)
{
    int64_t n;

    if (!read_number(value, &n) || n < row->least || n > row->most)
        return BAD(r, "%s:%d: %s must be a whole number from %lld to %lld, not \"%.*s\"", r->path,
                   r->line, row->name, (long long)row->least, (long long)row->most,
                   TORI_STR_ARG(shown(value)));
    memcpy(place(r, row), &n, sizeof(n));
    return TORI_OK;
}

static TORI_RESULT set_flag(struct reading *r, const struct row *row, struct tori_str value)
{
    bool flag = tori_str_eq(value, TORI_STR("true"));

    if (!flag && !tori_str_eq(value, TORI_STR("false")))
        return BAD(r, "%s:%d: %s must be true or false, not \"%.*s\"", r->path, r->line, row->name,
                   TORI_STR_ARG(shown(value)));
    memcpy(place(r, row), &flag, sizeof(flag));
    return TORI_OK;
}

static TORI_RESULT set(struct reading *r, const struct row *row, struct tori_str value)
{
    switch (row->kind) {
    case KIND_TEXT:
        return set_text(r, row, value);
    case KIND_CHOICE:
        return set_choice(r, row, value);
    case KIND_NUMBER:
        return set_number(r, row, value);
    case KIND_FLAG:
        return set_flag(r, row, value);
    }
    return TORI_OK;
}

/* Before anything of a line is looked at, or repeated in a message on somebody's terminal. */
static TORI_RESULT check_line(struct reading *r, struct tori_str line)
{
    if (line.len > TORI_SETTINGS_LINE_MAX)
        return BAD(r, "%s:%d: a line has at most %d bytes", r->path, r->line,
                   TORI_SETTINGS_LINE_MAX);
    for (size_t i = 0; i < line.len; i++)
        if (((uint8_t)line.at[i] < 0x20 && line.at[i] != '\t') || line.at[i] == 0x7f)
            return BAD(r, "%s:%d: a control character (byte %zu)", r->path, r->line, i + 1);
    if (!tori_utf8_valid(tori_str_bytes(line)))
        return BAD(r, "%s:%d: this is not UTF-8", r->path, r->line);
    return TORI_OK;
}

static TORI_RESULT take_line(struct reading *r, struct tori_str line)
{
    line = trim(line);
    TORI_TRY(check_line(r, line));
    if (line.len == 0 || line.at[0] == '#')
        return TORI_OK;
    const char *equals = memchr(line.at, '=', line.len);
    if (equals == NULL)
        return BAD(r, "%s:%d: a line is name = value", r->path, r->line);
    size_t at = (size_t)(equals - line.at);
    struct tori_str name = trim((struct tori_str){line.at, at});
    struct tori_str value = trim((struct tori_str){line.at + at + 1, line.len - at - 1});
    for (size_t i = 0; i < ROWS; i++) {
        if (!tori_str_eq(tori_str_z(rows[i].name), name))
            continue;
        if (r->seen[i])
            return BAD(r, "%s:%d: %s stands twice", r->path, r->line, rows[i].name);
        r->seen[i] = true;
        return set(r, &rows[i], value);
    }
    return BAD(r, "%s:%d: there is no setting \"%.*s\" (torimori settings lists them)", r->path,
               r->line, TORI_STR_ARG(shown(name)));
}

static TORI_RESULT fill_rest(struct reading *r)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        bool flag = row->number != 0;
        if (r->seen[i])
            continue;
        if (row->kind == KIND_TEXT && row->text == NULL)
            return must_be_set(r, row);
        if (row->kind == KIND_TEXT || row->kind == KIND_CHOICE)
            memcpy(place(r, row), &row->text, sizeof(row->text));
        if (row->kind == KIND_NUMBER)
            memcpy(place(r, row), &row->number, sizeof(row->number));
        if (row->kind == KIND_FLAG)
            memcpy(place(r, row), &flag, sizeof(flag));
    }
    return TORI_OK;
}

struct tori_result tori_settings_parse(struct tori_ctx *cx, const char *path,
                                       struct tori_bytes text, struct tori_settings *out,
                                       char why[static TORI_SETTINGS_WHY])
{
    struct reading r = {.cx = cx, .path = path, .out = out, .why = why};
    size_t from = 0;

    snprintf(why, TORI_SETTINGS_WHY, "%s: memory is out", path);
    for (size_t at = 0; at <= text.len; at++) {
        if (at < text.len && text.at[at] != '\n')
            continue;
        r.line++;
        TORI_TRY(take_line(&r, (struct tori_str){(const char *)text.at + from, at - from}));
        from = at + 1;
    }
    r.line = 0;
    return fill_rest(&r);
}

/* Whoever may write this file may choose the store, the keys and the users. */
static bool is_open_to_all(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && (st.st_mode & S_IWOTH) != 0;
}

struct tori_result tori_settings_read(struct tori_ctx *cx, const char *path,
                                      struct tori_settings *out, char why[static TORI_SETTINGS_WHY])
{
    struct tori_bytes text;

    if (is_open_to_all(path)) {
        snprintf(why, TORI_SETTINGS_WHY, "%s: everybody may write to this file", path);
        return TORI_FAIL(cx, SETTING_BAD, tori_word("file", "mode"));
    }
    struct tori_result r = tori_file_read(cx, path, TORI_SETTINGS_FILE_MAX, &text);
    if (TORI_FAILED(r)) {
        snprintf(why, TORI_SETTINGS_WHY, "%s: cannot be read, or is larger than %d bytes", path,
                 TORI_SETTINGS_FILE_MAX);
        return r;
    }
    return tori_settings_parse(cx, path, text, out, why);
}

static void describe_row(struct tori_buf *buf, const struct row *row)
{
    tori_buf_z(buf, "| `");
    tori_buf_z(buf, row->name);
    tori_buf_z(buf, "` | ");
    if (row->kind == KIND_TEXT)
        tori_buf_z(buf, row->text == NULL ? "(must be set)" : row->text);
    if (row->kind == KIND_CHOICE)
        tori_buf_z(buf, row->text);
    if (row->kind == KIND_FLAG)
        tori_buf_z(buf, row->number != 0 ? "true" : "false");
    if (row->kind == KIND_NUMBER)
        tori_buf_i64(buf, row->number);
    tori_buf_z(buf, " | ");
    if (row->kind == KIND_NUMBER) {
        tori_buf_i64(buf, row->least);
        tori_buf_z(buf, " … ");
        tori_buf_i64(buf, row->most);
    }
    if (row->kind == KIND_CHOICE)
        tori_buf_z(buf, row->choice);
    tori_buf_z(buf, " | ");
    tori_buf_z(buf, row->doc);
    tori_buf_z(buf, " |\n");
}

void tori_settings_describe(struct tori_buf *buf)
{
    tori_buf_z(
        buf,
        "# Settings\n\nOne file in UTF-8, `name = value` a line; a line that begins with `#` is a "
        "comment. What is unknown, repeated,\nmissing or out of its limits stops the start, with "
        "line and reason; so does a file that everybody may\nwrite to. Generated by `torimori "
        "settings`.\n\n| setting | default | limits | "
        "|\n|---|---|---|---|\n");
    for (size_t i = 0; i < ROWS; i++)
        describe_row(buf, &rows[i]);
}
