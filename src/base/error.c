#include "base/error.h"

#include "base/ctx.h"

struct error_row {
    const char *name;
    int status;
};

static const struct error_row rows[TORI_ERR_COUNT] = {
    [TORI_ERR_NONE] = {"none", 200},
#define E(name, status) [TORI_ERR_##name] = {#name, status},
#include "errors.def"
#undef E
};

struct tori_result tori_fail(struct tori_ctx *cx, tori_err err, const char *file, int line,
                             const struct tori_kv *fields)
{
    cx->failure = (struct tori_failure){.err = err, .file = file, .line = line};
    for (unsigned i = 0; i < 4 && fields[i].kind != TORI_KV_END; i++)
        cx->failure.fields[cx->failure.field_count++] = fields[i];
    return (struct tori_result){err};
}

const char *tori_err_name(tori_err err)
{
    return rows[err < TORI_ERR_COUNT ? err : TORI_ERR_INTERNAL].name;
}

int tori_err_status(tori_err err)
{
    return rows[err < TORI_ERR_COUNT ? err : TORI_ERR_INTERNAL].status;
}
