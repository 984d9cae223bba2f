/* The JSON body of every endpoint, read by the endpoint's own table: whatever is accepted keeps
 * every limit that its table names. The first line chooses the endpoint, the rest is the body.
 *
 * Replaying the corpus fails when it holds no accepted body of some endpoint; `fuzz_body_seeds`
 * writes one short and one full body for each. */
#include "test/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/endpoint.h"

enum { ENDPOINTS_MAX = 256 };

static bool accepted[ENDPOINTS_MAX];

static void check_table(const struct tori_field *table, const uint8_t *in);

static void check_text(const struct tori_field *field, struct tori_str text)
{
    assert((int64_t)text.len >= field->min && (int64_t)text.len <= field->max);
    assert(tori_utf8_valid(tori_str_bytes(text)));
    for (size_t i = 0; i < text.len; i++)
        assert((uint8_t)text.at[i] >= 0x20 && text.at[i] != 0x7f);
    assert(memmem(text.at, text.len, "\xe2\x80\xae", 3) == NULL); /* right-to-left override */
}

static void check_list(const struct tori_field *field, const struct tori_list *list)
{
    assert((int64_t)list->count >= field->min && (int64_t)list->count <= field->max);
    for (size_t i = 0; i < list->count; i++)
        check_table(field->sub, (const uint8_t *)list->at + i * field->item_size);
}

static int64_t words_of(const struct tori_field *field)
{
    int64_t n = 0;

    while (field->words[n] != NULL)
        n++;
    return n;
}

static void check_between(const struct tori_field *field, int64_t n)
{
    assert(n >= field->min && n <= field->max);
}

static bool is_absent(const struct tori_field *field, const uint8_t *at)
{
    /* An optional member that was not sent is zero; so is one that was sent as zero. */
    return field->optional && *(const void *const *)(const void *)at == NULL;
}

static void check_field(const struct tori_field *field, const uint8_t *at)
{
    const void *member = at;

    switch (field->kind) {
    case TORI_FIELD_TEXT:
        if (!is_absent(field, at))
            check_text(field, *(const struct tori_str *)member);
        return;
    case TORI_FIELD_B64U:
        if (!is_absent(field, at))
            check_between(field, (int64_t)((const struct tori_bytes *)member)->len);
        return;
    case TORI_FIELD_INT:
        if (!field->optional)
            check_between(field, *(const int64_t *)member);
        return;
    case TORI_FIELD_WORD:
        assert(*(const int *)member >= 0 && *(const int *)member < words_of(field));
        return;
    case TORI_FIELD_SET:
        assert(*(const int64_t *)member >> words_of(field) == 0);
        return;
    case TORI_FIELD_LIST:
        if (!is_absent(field, at))
            check_list(field, member);
        return;
    case TORI_FIELD_JSON:
        if (!is_absent(field, at))
            check_between(field, (int64_t)(*(const struct tori_json *const *)member)->count);
        return;
    case TORI_FIELD_OBJECT: /* absent altogether, its members may be below their least */
        if (!field->optional)
            check_table(field->sub, at);
        return;
    case TORI_FIELD_ID:
    case TORI_FIELD_BOOL:
    case TORI_FIELD_TIME:
    case TORI_FIELD_END:
        return;
    }
}

static void check_table(const struct tori_field *table, const uint8_t *in)
{
    for (; table->kind != TORI_FIELD_END; table++)
        check_field(table, in + table->offset);
}

/* By its name; a name that nobody has chooses one all the same. */
static size_t choose(struct tori_str line)
{
    size_t sum = 0, with_body = 0, nth;

    for (size_t i = 0; i < tori_endpoint_count; i++) {
        if (tori_str_eq(tori_str_z(tori_endpoints[i].name), line))
            return i;
        with_body += tori_endpoints[i].endpoint->fields != NULL;
    }
    for (size_t i = 0; i < line.len; i++)
        sum = sum * 31 + (uint8_t)line.at[i];
    nth = sum % with_body;
    for (size_t i = 0;; i++)
        if (tori_endpoints[i].endpoint->fields != NULL && nth-- == 0)
            return i;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\n', size);
    struct tori_json json;

    if (end == NULL)
        return 0;
    size_t line = (size_t)(end - data);
    size_t which = choose((struct tori_str){(const char *)data, line});
    const struct tori_endpoint *endpoint = tori_endpoints[which].endpoint;
    if (endpoint->fields == NULL ||
        TORI_FAILED(tori_json_parse(cx, (struct tori_bytes){end + 1, size - line - 1}, &json)))
        return 0;
    void *in = calloc(1, endpoint->input_size); /* on the heap: its end is guarded */
    assert(in != NULL);
    if (!TORI_FAILED(tori_fields_read(cx, endpoint->fields, &json, in))) {
        check_table(endpoint->fields, in);
        accepted[which] = true;
    }
    free(in);
    return 0;
}

bool fuzz_complete(void)
{
    bool all = true;

    for (size_t i = 0; i < tori_endpoint_count; i++) {
        if (tori_endpoints[i].endpoint->fields == NULL || accepted[i])
            continue;
        fprintf(stderr, "# no seed is an accepted body of %s\n", tori_endpoints[i].name);
        all = false;
    }
    return all;
}
