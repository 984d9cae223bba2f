#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ctx.h"
#include "base/hash.h"

enum { LINE_CAP = 2048 };

struct tori_log {
    char role[16];
    enum tori_level least;
    int fd;
    struct tori_key32 pepper; /* new with each start: lines of one run can be joined, no others */
};

/* A line under construction, on the stack: logging must work when memory does not. */
struct line {
    char at[LINE_CAP];
    size_t len;
};

struct tori_log *tori_log_new(const char *role, enum tori_level least, int fd)
{
    struct tori_log *log = tori_heap_take(sizeof(*log));
    struct tori_random random;

    if (log == NULL)
        return NULL;
    tori_hash_init();
    tori_random_seed(&random);
    tori_random_fill(&random, log->pepper.at, sizeof(log->pepper.at));
    snprintf(log->role, sizeof(log->role), "%s", role);
    log->least = least;
    log->fd = fd;
    return log;
}

void tori_log_free(struct tori_log *log)
{
    if (log == NULL)
        return;
    tori_key32_wipe(&log->pepper);
    tori_heap_free(log);
}

static void put(struct line *line, const char *text, size_t n)
{
    /* Room for the closing brace and the newline is always kept. */
    if (n > LINE_CAP - 3 - line->len)
        return;
    memcpy(line->at + line->len, text, n);
    line->len += n;
}

static void put_z(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static void put_hex(struct line *line, const uint8_t *at, size_t n)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++)
        put(line, (const char[]){digit[at[i] >> 4], digit[at[i] & 15]}, 2);
}

static void put_string(struct line *line, struct tori_str s)
{
    put_z(line, "\"");
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = (uint8_t)s.at[i];
        if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f) {
            put_z(line, "\\u00");
            put_hex(line, &c, 1);
            continue;
        }
        put(line, s.at + i, 1);
    }
    put_z(line, "\"");
}

static void put_number(struct line *line, int64_t n)
{
    char text[24];
    size_t at = sizeof(text);
    uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

    do {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (n < 0)
        text[--at] = '-';
    put(line, text + at, sizeof(text) - at);
}

static void put_pseudonym(struct line *line, const struct tori_log *log, struct tori_str s)
{
    struct tori_hash h = tori_hmac_sha256(&log->pepper, tori_str_bytes(s));
    put_z(line, "\"~");
    put_hex(line, h.at, 8);
    put_z(line, "\"");
}

static void put_field(struct line *line, const struct tori_log *log, const struct tori_kv *kv)
{
    put_z(line, ",\"");
    put_z(line, kv->name);
    put_z(line, "\":");
    switch (kv->kind) {
    case TORI_KV_INT:
        put_number(line, kv->number);
        return;
    case TORI_KV_STR:
        put_string(line, kv->text);
        return;
    case TORI_KV_HEX:
        put_z(line, "\"");
        put_hex(line, (const uint8_t *)kv->text.at, kv->text.len < 64 ? kv->text.len : 64);
        put_z(line, "\"");
        return;
    case TORI_KV_PII:
        put_pseudonym(line, log, kv->text);
        return;
    case TORI_KV_END:
        return;
    }
}

static void put_head(struct line *line, const struct tori_ctx *cx, enum tori_level level,
                     const char *event)
{
    static const char *const level_name[] = {"debug", "info", "warn", "error"};
    char time[TORI_TIME_TEXT];

    tori_time_print(cx->now != 0 ? cx->now : tori_clock_wall(), time);
    put_z(line, "{\"time\":\"");
    put(line, time, sizeof(time));
    put_z(line, "\",\"level\":\"");
    put_z(line, level_name[level]);
    put_z(line, "\",\"role\":\"");
    put_z(line, cx->log->role);
    put_z(line, "\",\"event\":\"");
    put_z(line, event);
    put_z(line, "\"");
    static const uint8_t none[16];
    if (memcmp(cx->request_id, none, sizeof(none)) != 0) {
        put_z(line, ",\"request\":\"");
        put_hex(line, cx->request_id, sizeof(cx->request_id));
        put_z(line, "\"");
    }
}

static void send_line(const struct tori_log *log, struct line *line)
{
    line->at[line->len++] = '}';
    line->at[line->len++] = '\n';
    /* A line that cannot be written is lost: there is nobody left to tell. */
    ssize_t ignored = write(log->fd, line->at, line->len);
    (void)ignored;
}

void tori_log_write(const struct tori_ctx *cx, enum tori_level level, const char *event,
                    const struct tori_kv *fields)
{
    struct line line = {.len = 0};

    if (cx->log == NULL || level < cx->log->least)
        return;
    put_head(&line, cx, level, event);
    for (; fields->kind != TORI_KV_END; fields++)
        put_field(&line, cx->log, fields);
    send_line(cx->log, &line);
}

void tori_log_failure(const struct tori_ctx *cx, enum tori_level level, const char *event)
{
    struct line line = {.len = 0};
    const struct tori_failure *f = &cx->failure;

    if (cx->log == NULL || level < cx->log->least)
        return;
    put_head(&line, cx, level, event);
    struct tori_kv where[] = {tori_word("error", tori_err_name(f->err)),
                              tori_word("file", f->file == NULL ? "" : f->file),
                              tori_i64("line", f->line)};
    for (size_t i = 0; i < 3; i++)
        put_field(&line, cx->log, &where[i]);
    for (unsigned i = 0; i < f->field_count; i++)
        put_field(&line, cx->log, &f->fields[i]);
    send_line(cx->log, &line);
}
