#include "codec/parcel.h"

#include <stdio.h>
#include <string.h>

/* Offsets of the fixed part; after it each text is a 16-bit length and its bytes. */
enum { AT_KIND = 3, AT_LANG = 4, AT_JOB = 5, AT_TIME = 23, FIXED = 31, VERSION = 1 };

struct text_rule {
    const char *name;
    size_t offset;
    size_t min; /* of the kind that has it; the other kind's is empty */
    size_t max;
    enum tori_parcel_kind only; /* 0: both kinds */
};

#define TEXT(member, min, max, only)                                                               \
    {                                                                                              \
#member, offsetof(struct tori_parcel, member), min, max, only                              \
    }
static const struct text_rule rules[] = {
    TEXT(to, 3, 254, TORI_PARCEL_MAIL),     TEXT(subject, 1, 400, TORI_PARCEL_MAIL),
    TEXT(form, 1, 64, TORI_PARCEL_LETTER),  TEXT(customer, 1, 256, TORI_PARCEL_LETTER),
    TEXT(name, 0, 256, TORI_PARCEL_LETTER), TEXT(code, 0, 64, TORI_PARCEL_LETTER),
    TEXT(text, 1, TORI_PARCEL_TEXT_MAX, 0),
};
enum { TEXT_COUNT = sizeof(rules) / sizeof(rules[0]), LAST = TEXT_COUNT - 1 };

static bool word_ok(struct tori_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

static bool text_ok(struct tori_str s, bool lines)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = (uint8_t)s.at[i];
        if ((c < 0x20 && !(lines && c == '\n')) || c == 0x7f)
            return false;
    }
    return tori_utf8_valid(tori_str_bytes(s));
}

static bool label_ok(struct tori_str s)
{
    if (s.len == 0 || s.len > 63 || s.at[0] == '-' || s.at[s.len - 1] == '-')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-'))
            return false;
    }
    return true;
}

static bool domain_ok(struct tori_str s)
{
    size_t from = 0;

    for (size_t i = 0; i <= s.len; i++) {
        if (i < s.len && s.at[i] != '.')
            continue;
        if (!label_ok((struct tori_str){s.at + from, i - from}))
            return false;
        from = i + 1;
    }
    return s.len <= 189;
}

/* RFC 5321 §4.1.2 Dot-string, but for two dots in a row and at the ends, which Japanese carriers
 * gave to their customers. */
static bool local_ok(struct tori_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] >= 0x7f || strchr("()<>[]\\,;:\"@", s.at[i]) != NULL)
            return false;
    return s.len > 0 && s.len <= 64 && s.at[0] != '-';
}

bool tori_mail_address_ok(struct tori_str address)
{
    size_t at = 0;

    while (at < address.len && address.at[at] != '@')
        at++;
    return at < address.len && local_ok((struct tori_str){address.at, at}) &&
           domain_ok((struct tori_str){address.at + at + 1, address.len - at - 1});
}

static TORI_RESULT check(struct tori_ctx *cx, const struct tori_parcel *parcel)
{
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        const struct text_rule *rule = &rules[i];
        struct tori_str s = *(const struct tori_str *)((const char *)parcel + rule->offset);
        bool ours = rule->only == 0 || rule->only == parcel->kind;
        size_t min = ours ? rule->min : 0, max = ours ? rule->max : 0;
        if (s.len < min || s.len > max || !text_ok(s, i == LAST))
            return TORI_FAIL(cx, BAD_FIELD, tori_word("field", rule->name));
    }
    if (parcel->kind == TORI_PARCEL_MAIL && !tori_mail_address_ok(parcel->to))
        return TORI_FAIL(cx, BAD_FIELD, tori_word("field", "to"));
    if (!word_ok(parcel->form))
        return TORI_FAIL(cx, BAD_FIELD, tori_word("field", "form"));
    if (parcel->at < 0)
        return TORI_FAIL(cx, BAD_FIELD, tori_word("field", "at"));
    return TORI_OK;
}

static void put_u16(struct tori_buf *buf, size_t n)
{
    tori_buf_byte(buf, (uint8_t)(n >> 8));
    tori_buf_byte(buf, (uint8_t)n);
}

TORI_RESULT tori_parcel_write(struct tori_ctx *cx, const struct tori_parcel *parcel,
                              struct tori_bytes *out)
{
    struct tori_buf buf = tori_buf_new(cx->arena, TORI_PARCEL_MAX);

    TORI_TRY(check(cx, parcel));
    tori_buf_z(&buf, "TP");
    tori_buf_byte(&buf, VERSION);
    tori_buf_byte(&buf, (uint8_t)parcel->kind);
    tori_buf_byte(&buf, (uint8_t)parcel->lang);
    tori_buf_bytes(&buf, parcel->job.at, sizeof(parcel->job.at));
    for (int shift = 56; shift >= 0; shift -= 8)
        tori_buf_byte(&buf, (uint8_t)((uint64_t)parcel->at >> shift));
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        struct tori_str s = *(const struct tori_str *)((const char *)parcel + rules[i].offset);
        put_u16(&buf, s.len);
        tori_buf_str(&buf, s);
    }
    TORI_TRY(tori_buf_done(cx, &buf));
    *out = tori_buf_view(&buf);
    return TORI_OK;
}

static bool take_text(struct tori_bytes *rest, struct tori_str *out)
{
    if (rest->len < 2)
        return false;
    size_t n = (size_t)rest->at[0] << 8 | rest->at[1];
    if (rest->len - 2 < n)
        return false;
    *out = (struct tori_str){(const char *)rest->at + 2, n};
    rest->at += 2 + n;
    rest->len -= 2 + n;
    return true;
}

TORI_RESULT tori_parcel_read(struct tori_ctx *cx, struct tori_bytes packet, struct tori_parcel *out)
{
    const uint8_t *p = packet.at;
    struct tori_parcel parcel = {.at = 0};
    uint64_t at = 0;

    if (packet.len < FIXED || packet.len > TORI_PARCEL_MAX || p[0] != 'T' || p[1] != 'P' ||
        p[2] != VERSION || (p[AT_KIND] != TORI_PARCEL_MAIL && p[AT_KIND] != TORI_PARCEL_LETTER) ||
        p[AT_LANG] >= TORI_LANG_COUNT)
        return TORI_FAIL(cx, BAD_REQUEST);
    parcel.kind = p[AT_KIND] == TORI_PARCEL_MAIL ? TORI_PARCEL_MAIL : TORI_PARCEL_LETTER;
    parcel.lang = p[AT_LANG] == TORI_JA ? TORI_JA : TORI_EN;
    memcpy(parcel.job.at, p + AT_JOB, sizeof(parcel.job.at));
    for (size_t i = AT_TIME; i < FIXED; i++)
        at = at << 8 | p[i];
    parcel.at = (tori_time)at;
    struct tori_bytes rest = {p + FIXED, packet.len - FIXED};
    for (size_t i = 0; i < TEXT_COUNT; i++)
        if (!take_text(&rest, (struct tori_str *)((char *)&parcel + rules[i].offset)))
            return TORI_FAIL(cx, BAD_REQUEST);
    if (rest.len != 0)
        return TORI_FAIL(cx, BAD_REQUEST);
    TORI_TRY(check(cx, &parcel));
    *out = parcel;
    return TORI_OK;
}

/* Offsets of a result: magic, version, outcome, step, job, reply, enhanced, a zero. */
enum {
    AT_OUTCOME = 3,
    AT_STEP = 4,
    AT_RESULT_JOB = 5,
    AT_REPLY = 23,
    AT_ENHANCED = 25,
    AT_ZERO = 31
};

void tori_parcel_result_write(const struct tori_parcel_result *result,
                              uint8_t out[static TORI_PARCEL_RESULT_SIZE])
{
    memset(out, 0, TORI_PARCEL_RESULT_SIZE);
    out[0] = 'T';
    out[1] = 'R';
    out[2] = VERSION;
    out[AT_OUTCOME] = (uint8_t)result->outcome;
    out[AT_STEP] = (uint8_t)result->step;
    memcpy(out + AT_RESULT_JOB, result->job.at, sizeof(result->job.at));
    out[AT_REPLY] = (uint8_t)(result->reply >> 8);
    out[AT_REPLY + 1] = (uint8_t)result->reply;
    for (size_t i = 0; i < 3; i++) {
        out[AT_ENHANCED + 2 * i] = (uint8_t)(result->enhanced[i] >> 8);
        out[AT_ENHANCED + 2 * i + 1] = (uint8_t)result->enhanced[i];
    }
}

static unsigned get_u16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

TORI_RESULT tori_parcel_result_read(struct tori_ctx *cx, struct tori_bytes packet,
                                    struct tori_parcel_result *out)
{
    const uint8_t *p = packet.at;
    struct tori_parcel_result result;

    if (packet.len != TORI_PARCEL_RESULT_SIZE || p[0] != 'T' || p[1] != 'R' || p[2] != VERSION ||
        p[AT_OUTCOME] < TORI_PARCEL_DELIVERED || p[AT_OUTCOME] > TORI_PARCEL_PERMANENT ||
        p[AT_STEP] >= TORI_PARCEL_STEP_COUNT || p[AT_ZERO] != 0)
        return TORI_FAIL(cx, BAD_REQUEST);
    result.outcome = (enum tori_parcel_outcome)p[AT_OUTCOME];
    result.step = (enum tori_parcel_step)p[AT_STEP];
    memcpy(result.job.at, p + AT_RESULT_JOB, sizeof(result.job.at));
    result.reply = get_u16(p + AT_REPLY);
    if (result.reply != 0 && (result.reply < 200 || result.reply > 599))
        return TORI_FAIL(cx, BAD_REQUEST);
    for (size_t i = 0; i < 3; i++) {
        result.enhanced[i] = get_u16(p + AT_ENHANCED + 2 * i);
        if (result.enhanced[i] > 999)
            return TORI_FAIL(cx, BAD_REQUEST);
    }
    *out = result;
    return TORI_OK;
}

void tori_parcel_result_text(const struct tori_parcel_result *result,
                             char out[static TORI_PARCEL_RESULT_TEXT])
{
    static const char *const names[TORI_PARCEL_STEP_COUNT] = {
        "courier", "connect", "greeting", "tls", "auth", "sender", "recipient", "message", "spool"};
    const char *name = names[result->step];
    const unsigned *e = result->enhanced;

    if (result->reply == 0)
        snprintf(out, TORI_PARCEL_RESULT_TEXT, "%s", name);
    else if (e[0] == 0)
        snprintf(out, TORI_PARCEL_RESULT_TEXT, "%s %u", name, result->reply);
    else
        snprintf(out, TORI_PARCEL_RESULT_TEXT, "%s %u %u.%u.%u", name, result->reply, e[0], e[1],
                 e[2]);
}
