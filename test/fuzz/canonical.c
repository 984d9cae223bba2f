/* The canonical form of every operation type: what a page shows, read line by line from what is
 * signed, is exactly what the channel sent. Four lines choose type, customer, account and origin;
 * the rest is the JSON of the fields. Replaying the corpus fails when some type is never
 * accepted. */
#include "test/fuzz/fuzz.h"

#include <stdio.h>

#include "domain/operation/operation.h"

enum { TYPES_MAX = 64, HEAD_LINES = 6 };

static bool accepted[TYPES_MAX];

static struct tori_str next_line(struct tori_str *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->at, '\n', rest->len);
    struct tori_str line = {rest->at, end == NULL ? rest->len : (size_t)(end - rest->at)};
    size_t skip = end == NULL ? line.len : line.len + 1;

    *rest = (struct tori_str){rest->at + skip, rest->len - skip};
    return line;
}

/* As the body tables demand of a text. */
static bool is_text(struct tori_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((uint8_t)s.at[i] < 0x20 || s.at[i] == 0x7f)
            return false;
    return tori_utf8_valid(tori_str_bytes(s));
}

/* Any bytes may be walked: every line lies inside and behind the one before it. */
static void walk(struct tori_ctx *cx, struct tori_bytes bytes)
{
    struct tori_canonical_line line;
    struct tori_str text;
    size_t at = 0, before = 0;

    while (tori_canonical_next(bytes, &at, &line)) {
        assert(at > before && at <= bytes.len);
        assert(line.name.len + line.kind.len + line.value.len <= at - before);
        assert((const uint8_t *)line.value.at + line.value.len + 1 == bytes.at + at);
        before = at;
        (void)TORI_FAILED(tori_canonical_text(cx, line.value, &text));
    }
}

static void expect(struct tori_ctx *cx, struct tori_bytes form, size_t *at, struct tori_str name,
                   struct tori_str value)
{
    struct tori_canonical_line line;
    struct tori_str text;

    bool more = tori_canonical_next(form, at, &line);
    assert(more && tori_str_eq(line.name, name));
    struct tori_result read = tori_canonical_text(cx, line.value, &text);
    assert(!TORI_FAILED(read) && tori_str_eq(text, value));
}

/* Values other than texts are compared by their kind alone. */
static void expect_value(struct tori_ctx *cx, struct tori_bytes form, size_t *at,
                         const struct tori_value_rule *rule, const struct tori_value *value)
{
    struct tori_canonical_line line;
    size_t probe = *at;

    if (rule->kind != TORI_VALUE_TEXT && rule->kind != TORI_VALUE_DIGITS &&
        rule->kind != TORI_VALUE_WORD) {
        bool more = tori_canonical_next(form, at, &line);
        assert(more && tori_str_eq(line.name, tori_str_z(rule->name)));
        return;
    }
    bool more = tori_canonical_next(form, &probe, &line);
    assert(more && tori_str_eq(line.kind, rule->kind == TORI_VALUE_WORD ? TORI_STR("word")
                                                                        : TORI_STR("text")));
    expect(cx, form, at, tori_str_z(rule->name), value->text);
}

static void check(struct tori_ctx *cx, const struct tori_canonical_head *head,
                  const struct tori_value *value)
{
    const struct tori_value_rule *rule = head->entry->type->rule;
    struct tori_canonical_line line;
    struct tori_bytes form;
    size_t at = 0;

    if (TORI_FAILED(tori_canonical(cx, head, value, &form)))
        return; /* longer than a form may be */
    for (int i = 0; i < HEAD_LINES; i++) {
        size_t here = at;
        bool more = tori_canonical_next(form, &at, &line);
        assert(more);
        if (tori_str_eq(line.name, TORI_STR("origin")))
            expect(cx, form, &here, TORI_STR("origin"), head->origin);
    }
    if (head->customer.len > 0)
        expect(cx, form, &at, TORI_STR("customer"), head->customer);
    if (head->account.len > 0)
        expect(cx, form, &at, TORI_STR("account"), head->account);
    for (size_t i = 0; rule[i].name != NULL; i++)
        if (value[i].present)
            expect_value(cx, form, &at, &rule[i], &value[i]);
    assert(at == form.len); /* and nothing else */
    walk(cx, form);
}

static size_t choose(struct tori_str name)
{
    for (size_t i = 0; i < tori_operation_type_count; i++)
        if (tori_str_eq(tori_str_z(tori_operation_types[i].name), name))
            return i;
    return name.len % tori_operation_type_count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    struct tori_str rest = {(const char *)data, size};
    struct tori_value value[TORI_VALUES_MAX];
    struct tori_json json;

    walk(cx, (struct tori_bytes){data, size});
    if (size == 0)
        return 0;
    size_t which = choose(next_line(&rest));
    struct tori_canonical_head head = {.entry = &tori_operation_types[which],
                                       .operation = {{1}},
                                       .channel = {{2}},
                                       .purpose = "confirm"};
    head.customer = next_line(&rest);
    head.account = next_line(&rest);
    head.origin = next_line(&rest);
    if (!is_text(head.customer) || !is_text(head.account) || !is_text(head.origin) ||
        TORI_FAILED(tori_json_parse(cx, tori_str_bytes(rest), &json)))
        return 0;
    if (json.kind != TORI_JSON_OBJECT ||
        TORI_FAILED(tori_operation_read(cx, head.entry->type, &json, value)))
        return 0;
    accepted[which] = true;
    check(cx, &head, value);
    return 0;
}

bool fuzz_complete(void)
{
    bool all = true;

    for (size_t i = 0; i < tori_operation_type_count; i++) {
        if (accepted[i])
            continue;
        fprintf(stderr, "# no seed is an accepted operation of type %s\n",
                tori_operation_types[i].name);
        all = false;
    }
    return all;
}
