#include "base/error.h"

#include <string.h>

#include "base/ctx.h"
#include "base/text_int.h"

/* Every error has its text "error.<name>", so the text's key holds the name in lower case. */
struct error_row {
    enum tori_text_key text;
    int status;
};

static const struct error_row rows[TORI_ERR_COUNT] = {
#define E(name, status) [TORI_ERR_##name] = {TORI_T_ERROR_##name, status},
#include "errors.def"
#undef E
};

/* The line is written at the edge, when the row that a field speaks of may be gone. */
static struct tori_kv kept(struct tori_ctx *cx, struct tori_kv field)
{
    if (cx->arena == NULL || field.text.len == 0)
        return field;
    char *copy = tori_arena_take(cx->arena, field.text.len + 1); /* ended by zero, as words are */
    if (copy == NULL)
        field.text.len = 0;
    else
        memcpy(copy, field.text.at, field.text.len);
    field.text.at = copy;
    return field;
}

struct tori_result tori_fail(struct tori_ctx *cx, tori_err err, const char *file, int line,
                             const struct tori_kv *fields)
{
    cx->failure = (struct tori_failure){.err = err, .file = file, .line = line};
    for (unsigned i = 0; i < 4 && fields[i].kind != TORI_KV_END; i++)
        cx->failure.fields[cx->failure.field_count++] = kept(cx, fields[i]);
    return (struct tori_result){err};
}

const char *tori_err_name(tori_err err)
{
    if (err == TORI_ERR_NONE)
        return "none";
    enum tori_text_key text = rows[err < TORI_ERR_COUNT ? err : TORI_ERR_INTERNAL].text;
    return tori_text_table[text].name.at + strlen("error.");
}

int tori_err_status(tori_err err)
{
    if (err == TORI_ERR_NONE)
        return 200;
    return rows[err < TORI_ERR_COUNT ? err : TORI_ERR_INTERNAL].status;
}
