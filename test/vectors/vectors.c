#include "test/vectors/vectors.h"

#include <stdlib.h>
#include <unistd.h>

#include "codec/base64url.h"

bool vectors_load(const char *folder, const char *file, json_t **out)
{
    const char *named = getenv("TORIMORI_VECTORS");
    char path[4096];
    json_error_t error;

    snprintf(path, sizeof(path), "%s/%s", named != NULL ? named : folder, file);
    if (access(path, F_OK) != 0) {
        printf("SKIP: vectors not found (%s)\n", file);
        return false;
    }
    *out = json_load_file(path, 0, &error);
    if (*out == NULL) {
        printf("%s:%d: %s\n", path, error.line, error.text);
        exit(1);
    }
    return true;
}

struct tori_str vectors_text(const json_t *vector, const char *name)
{
    const json_t *value = json_object_get(vector, name);

    if (!json_is_string(value))
        fail_msg("%s is missing", name);
    return (struct tori_str){json_string_value(value), json_string_length(value)};
}

struct tori_bytes vectors_b64u(struct tori_ctx *cx, const json_t *vector, const char *name)
{
    struct tori_bytes bytes;

    assert_ok(cx, tori_b64u_decode(cx, vectors_text(vector, name), &bytes));
    return bytes;
}

struct tori_bytes vectors_hex(struct tori_ctx *cx, const json_t *vector, const char *name)
{
    return hex_bytes(cx, vectors_text(vector, name).at);
}

bool vectors_flag(const json_t *vector, const char *name)
{
    return json_is_true(json_object_get(vector, name));
}

size_t vectors_texts(struct tori_ctx *cx, const json_t *vector, const char *name,
                     const struct tori_str **out)
{
    const json_t *list = json_object_get(vector, name);
    size_t count = json_array_size(list);
    struct tori_str *text;

    assert_ok(cx, tori_take(cx, count * sizeof(*text), &text));
    for (size_t i = 0; i < count; i++)
        text[i] = tori_str_z(json_string_value(json_array_get(list, i)));
    *out = text;
    return count;
}
