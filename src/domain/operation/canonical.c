#include "base/hash.h"
#include "domain/operation/operation.h"

static const char *kind_name(enum tori_value_kind kind)
{
    switch (kind) {
    case TORI_VALUE_TEXT:
    case TORI_VALUE_DIGITS:
        return "text";
    case TORI_VALUE_WORD:
        return "word";
    case TORI_VALUE_INT:
        return "int";
    case TORI_VALUE_MONEY:
        return "money";
    case TORI_VALUE_ID:
        return "id";
    }
    return "";
}

static void begin_line(struct tori_buf *buf, const char *name, const char *kind)
{
    tori_buf_z(buf, name);
    tori_buf_byte(buf, '=');
    tori_buf_z(buf, kind);
    tori_buf_byte(buf, ':');
}

/* Control characters were refused when the text was read, so a backslash is all that needs care. */
static void put_text(struct tori_buf *buf, struct tori_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\\')
            tori_buf_byte(buf, '\\');
        tori_buf_byte(buf, (uint8_t)text.at[i]);
    }
}

static void put_text_line(struct tori_buf *buf, const char *name, struct tori_str text)
{
    begin_line(buf, name, "text");
    put_text(buf, text);
    tori_buf_byte(buf, '\n');
}

static void put_id_line(struct tori_buf *buf, const char *name, const struct tori_id *id)
{
    begin_line(buf, name, "id");
    tori_buf_b64u(buf, tori_id_bytes(id));
    tori_buf_byte(buf, '\n');
}

static void put_word_line(struct tori_buf *buf, const char *name, const char *word)
{
    begin_line(buf, name, "word");
    tori_buf_z(buf, word);
    tori_buf_byte(buf, '\n');
}

static void put_value(struct tori_buf *buf, const struct tori_value_rule *rule,
                      const struct tori_value *value)
{
    begin_line(buf, rule->name, kind_name(rule->kind));
    switch (rule->kind) {
    case TORI_VALUE_TEXT:
    case TORI_VALUE_DIGITS:
    case TORI_VALUE_WORD:
        put_text(buf, value->text);
        break;
    case TORI_VALUE_INT:
        tori_buf_i64(buf, value->number);
        break;
    case TORI_VALUE_MONEY:
        tori_buf_str(buf, value->text);
        tori_buf_byte(buf, ' ');
        tori_buf_i64(buf, value->number);
        break;
    case TORI_VALUE_ID:
        tori_buf_b64u(buf, tori_id_bytes(&value->id));
        break;
    }
    tori_buf_byte(buf, '\n');
}

static void put_head(struct tori_buf *buf, const struct tori_canonical_head *head)
{
    tori_buf_z(buf, "torimori.op.v1\n");
    put_word_line(buf, "type", head->entry->name);
    begin_line(buf, "type_version", "int");
    tori_buf_i64(buf, head->entry->type->version);
    tori_buf_byte(buf, '\n');
    put_id_line(buf, "operation", &head->operation);
    put_id_line(buf, "channel", &head->channel);
    put_text_line(buf, "origin", head->origin);
    put_word_line(buf, "purpose", head->purpose);
    if (head->customer.len > 0)
        put_text_line(buf, "customer", head->customer);
    if (head->account.len > 0)
        put_text_line(buf, "account", head->account);
}

struct tori_result tori_canonical(struct tori_ctx *cx, const struct tori_canonical_head *head,
                                  const struct tori_value value[static TORI_VALUES_MAX],
                                  struct tori_bytes *out)
{
    struct tori_buf buf = tori_buf_new(cx->arena, TORI_CANONICAL_MAX);
    const struct tori_value_rule *rule = head->entry->type->rule;

    put_head(&buf, head);
    for (size_t i = 0; rule[i].name != NULL; i++)
        if (value[i].present)
            put_value(&buf, &rule[i], &value[i]);
    TORI_TRY(tori_buf_done(cx, &buf));
    *out = tori_buf_view(&buf);
    return TORI_OK;
}

struct tori_hash tori_challenge(const struct tori_hash *nonce,
                                const struct tori_hash *canonical_hash)
{
    static const char label[] = "torimori.challenge.v1"; /* its NUL is part of it */

    return tori_sha256_parts((const struct tori_bytes[]){TORI_BYTES_OF(label),
                                                         tori_hash_bytes(nonce),
                                                         tori_hash_bytes(canonical_hash)},
                             3);
}

static size_t find(struct tori_bytes in, size_t from, uint8_t byte)
{
    while (from < in.len && in.at[from] != byte)
        from++;
    return from;
}

static struct tori_str slice(struct tori_bytes in, size_t from, size_t to)
{
    return (struct tori_str){(const char *)in.at + from, to - from};
}

bool tori_canonical_next(struct tori_bytes canonical, size_t *at, struct tori_canonical_line *out)
{
    if (*at == 0)
        *at = find(canonical, 0, '\n') + 1; /* the version line */
    if (*at >= canonical.len)
        return false;
    size_t end = find(canonical, *at, '\n');
    size_t equals = find(canonical, *at, '=');
    size_t colon = find(canonical, equals, ':');
    if (end == canonical.len || equals > end || colon > end)
        return false;
    *out = (struct tori_canonical_line){slice(canonical, *at, equals),
                                        slice(canonical, equals + 1, colon),
                                        slice(canonical, colon + 1, end)};
    *at = end + 1;
    return true;
}

struct tori_result tori_canonical_text(struct tori_ctx *cx, struct tori_str value,
                                       struct tori_str *out)
{
    struct tori_buf buf = tori_buf_new(cx->arena, TORI_CANONICAL_MAX);

    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] == '\\' && i + 1 < value.len)
            i++;
        tori_buf_byte(&buf, (uint8_t)value.at[i]);
    }
    TORI_TRY(tori_buf_done(cx, &buf));
    *out = tori_buf_text(&buf);
    return TORI_OK;
}
