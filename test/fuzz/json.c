/* What parses is written in one form, and that form parses to the same. And the verdict is
 * jansson's own, but for what we refuse beyond it: fractions, depth, too many members. */
#include "test/fuzz/fuzz.h"

#include <jansson.h>

#include "codec/json.h"

/* Is it within the limits that are ours? */
static bool within(json_t *value, int depth)
{
    const char *name;
    json_t *below;
    size_t i;

    if (json_is_real(value))
        return false;
    if (!json_is_array(value) && !json_is_object(value))
        return true;
    if (depth >= TORI_JSON_DEPTH || json_array_size(value) > TORI_JSON_MEMBERS ||
        json_object_size(value) > TORI_JSON_MEMBERS)
        return false;
    json_array_foreach(value, i, below)
    {
        if (!within(below, depth + 1))
            return false;
    }
    json_object_foreach(value, name, below)
    {
        if (!within(below, depth + 1))
            return false;
    }
    return true;
}

static bool same(json_t *theirs, const struct tori_json *ours);

static bool same_members(json_t *theirs, const struct tori_json *ours)
{
    for (size_t i = 0; i < ours->count; i++) {
        struct tori_str name = ours->member[i].name;
        json_t *value = json_object_getn(theirs, name.at, name.len);
        if (value == NULL || !same(value, &ours->member[i].value) ||
            tori_json_get(ours, name) != &ours->member[i].value)
            return false;
    }
    return json_object_size(theirs) == ours->count;
}

static bool same_items(json_t *theirs, const struct tori_json *ours)
{
    for (size_t i = 0; i < ours->count; i++)
        if (!same(json_array_get(theirs, i), &ours->item[i]))
            return false;
    return json_array_size(theirs) == ours->count;
}

static bool same(json_t *theirs, const struct tori_json *ours)
{
    switch (ours->kind) {
    case TORI_JSON_NULL:
        return json_is_null(theirs);
    case TORI_JSON_BOOL:
        return json_is_boolean(theirs) && json_is_true(theirs) == (ours->number != 0);
    case TORI_JSON_INT:
        return json_is_integer(theirs) && json_integer_value(theirs) == ours->number;
    case TORI_JSON_TEXT:
        return json_is_string(theirs) && json_string_length(theirs) == ours->text.len &&
               memcmp(json_string_value(theirs), ours->text.at, ours->text.len) == 0;
    case TORI_JSON_LIST:
        return json_is_array(theirs) && same_items(theirs, ours);
    case TORI_JSON_OBJECT:
        return json_is_object(theirs) && same_members(theirs, ours);
    }
    return false;
}

static void compare(struct tori_bytes text, struct tori_result ours, const struct tori_json *value)
{
    json_error_t error;
    json_t *theirs = json_loadb((const char *)text.at, text.len,
                                JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    if (theirs == NULL)
        assert(TORI_FAILED(ours));
    else if (!TORI_FAILED(ours))
        assert(within(theirs, 0) && same(theirs, value));
    else /* the arena may be full before a limit is met */
        assert(!within(theirs, 0) || ours.err == TORI_ERR_TOO_LARGE);
    json_decref(theirs);
}

static void check_writing(struct tori_ctx *cx, const struct tori_json *json)
{
    struct tori_buf first = tori_buf_new(cx->arena, FUZZ_ARENA);
    struct tori_buf second = tori_buf_new(cx->arena, FUZZ_ARENA);
    struct tori_json again;

    tori_json_write(&first, json);
    if (first.over)
        return;
    assert(tori_utf8_valid(tori_buf_view(&first)));
    struct tori_result result = tori_json_parse(cx, tori_buf_view(&first), &again);
    if (result.err == TORI_ERR_TOO_LARGE) /* the arena is full */
        return;
    assert(!TORI_FAILED(result));
    tori_json_write(&second, &again);
    assert(second.over || tori_bytes_eq(tori_buf_view(&first), tori_buf_view(&second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    struct tori_bytes text = {data, size};
    struct tori_json json;
    struct tori_result result = tori_json_parse(cx, text, &json);

    compare(text, result, &json);
    if (!TORI_FAILED(result))
        check_writing(cx, &json);
    return 0;
}
