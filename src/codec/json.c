#include "codec/json.h"

#include <jansson.h>
#include <pthread.h>

#include "base/auto.h"
#include "base/scratch.h"

TORI_AUTO_DEFINE(json_t, json_decref)

static struct tori_result parse_failed(struct tori_ctx *cx, const json_error_t *error)
{
    struct tori_kv at = tori_i64("at", error->position);
    enum json_error_code code = json_error_code(error);

    if (code == json_error_out_of_memory)
        return TORI_FAIL(cx, NO_MEMORY);
    if (code == json_error_stack_overflow)
        return TORI_FAIL(cx, TOO_DEEP, at);
    if (code == json_error_invalid_utf8 || code == json_error_null_character ||
        code == json_error_null_byte_in_key)
        return TORI_FAIL(cx, BAD_TEXT, at);
    return TORI_FAIL(cx, BAD_JSON, at);
}

static struct tori_result take_value(struct tori_ctx *cx, json_t *from, int depth,
                                     struct tori_json *out);

static struct tori_result take_text(struct tori_ctx *cx, const char *at, size_t len,
                                    struct tori_str *out)
{
    return tori_copy_str(cx, (struct tori_str){at, len}, out);
}

static struct tori_result check_count(struct tori_ctx *cx, size_t count, int depth)
{
    if (depth >= TORI_JSON_DEPTH)
        return TORI_FAIL(cx, TOO_DEEP, tori_u64("most", TORI_JSON_DEPTH));
    if (count > TORI_JSON_MEMBERS)
        return TORI_FAIL(cx, TOO_LARGE, tori_u64("members", count));
    return TORI_OK;
}

static struct tori_result take_list(struct tori_ctx *cx, json_t *from, int depth,
                                    struct tori_json *out)
{
    size_t count = json_array_size(from);
    struct tori_json *item;

    TORI_TRY(check_count(cx, count, depth));
    TORI_TRY(tori_take(cx, count * sizeof(*item), &item));
    for (size_t i = 0; i < count; i++)
        TORI_TRY(take_value(cx, json_array_get(from, i), depth + 1, &item[i]));
    *out = (struct tori_json){.kind = TORI_JSON_LIST, .count = count, .item = item};
    return TORI_OK;
}

static struct tori_result take_object(struct tori_ctx *cx, json_t *from, int depth,
                                      struct tori_json *out)
{
    size_t count = json_object_size(from);
    struct tori_json_member *member;
    size_t n = 0;

    TORI_TRY(check_count(cx, count, depth));
    TORI_TRY(tori_take(cx, count * sizeof(*member), &member));
    for (void *it = json_object_iter(from); it != NULL; it = json_object_iter_next(from, it), n++) {
        /* Names cannot hold NUL: jansson refuses them. */
        TORI_TRY(tori_copy_str(cx, tori_str_z(json_object_iter_key(it)), &member[n].name));
        TORI_TRY(take_value(cx, json_object_iter_value(it), depth + 1, &member[n].value));
    }
    *out = (struct tori_json){.kind = TORI_JSON_OBJECT, .count = count, .member = member};
    return TORI_OK;
}

static struct tori_result take_value(struct tori_ctx *cx, json_t *from, int depth,
                                     struct tori_json *out)
{
    switch (json_typeof(from)) {
    case JSON_OBJECT:
        return take_object(cx, from, depth, out);
    case JSON_ARRAY:
        return take_list(cx, from, depth, out);
    case JSON_STRING:
        out->kind = TORI_JSON_TEXT;
        return take_text(cx, json_string_value(from), json_string_length(from), &out->text);
    case JSON_INTEGER:
        *out = (struct tori_json){.kind = TORI_JSON_INT, .number = json_integer_value(from)};
        return TORI_OK;
    case JSON_REAL:
        return TORI_FAIL(cx, BAD_JSON, tori_word("why", "not a whole number"));
    case JSON_TRUE:
    case JSON_FALSE:
        *out = (struct tori_json){.kind = TORI_JSON_BOOL, .number = json_is_true(from)};
        return TORI_OK;
    case JSON_NULL:
        *out = (struct tori_json){.kind = TORI_JSON_NULL};
        return TORI_OK;
    }
    return TORI_FAIL(cx, INTERNAL);
}

static void use_scratch(void)
{
    json_set_alloc_funcs(tori_scratch_take, tori_scratch_give);
}

static struct tori_result parse(struct tori_ctx *cx, struct tori_bytes text, struct tori_json *out)
{
    struct tori_json value = {0};
    json_error_t error;

    TORI_AUTO(json_t)
    root = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                      &error);
    if (root == NULL)
        return parse_failed(cx, &error);
    TORI_TRY(take_value(cx, root, 0, &value));
    *out = value;
    return TORI_OK;
}

struct tori_result tori_json_parse(struct tori_ctx *cx, struct tori_bytes text,
                                   struct tori_json *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    if (text.len == 0)
        return TORI_FAIL(cx, BAD_JSON, tori_word("why", "empty"));
    pthread_once(&once, use_scratch);
    tori_scratch_begin();
    struct tori_result r = parse(cx, text, out);
    if (!tori_scratch_end())
        return TORI_FAIL(cx, NO_MEMORY);
    return r;
}

const struct tori_json *tori_json_get(const struct tori_json *object, struct tori_str name)
{
    for (size_t i = 0; object->kind == TORI_JSON_OBJECT && i < object->count; i++) {
        if (tori_str_eq(object->member[i].name, name))
            return &object->member[i].value;
    }
    return NULL;
}
