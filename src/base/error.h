/* Results that cannot be ignored. A function that can fail returns TORI_RESULT; outputs come last
 * and are written only on success. Codes, their HTTP status and their text are in
 * data/errors.def. */
#ifndef TORI_BASE_ERROR_H
#define TORI_BASE_ERROR_H

#include "base/kv.h"

struct tori_ctx;

enum tori_err_code {
    TORI_ERR_NONE = 0,
#define E(name, status) TORI_ERR_##name,
#include "errors.def"
#undef E
    TORI_ERR_COUNT
};
typedef enum tori_err_code tori_err;

struct tori_result {
    tori_err err;
};

#define TORI_RESULT __attribute__((warn_unused_result)) struct tori_result
#define TORI_OK ((struct tori_result){TORI_ERR_NONE})

#define TORI_TRY(call)                                                                             \
    do {                                                                                           \
        struct tori_result tori_try_ = (call);                                                     \
        if (tori_try_.err != TORI_ERR_NONE)                                                        \
            return tori_try_;                                                                      \
    } while (0)

#define TORI_FAILED(result) ((result).err != TORI_ERR_NONE)

/* return TORI_FAIL(cx, SIGN_COUNT_BACK, tori_u64("stored", n)); at most four fields. */
#define TORI_FAIL(cx, name, ...)                                                                   \
    tori_fail((cx), TORI_ERR_##name, __FILE_NAME__, __LINE__,                                      \
              (const struct tori_kv[]){__VA_ARGS__ __VA_OPT__(, ){.kind = TORI_KV_END}})

/* What went wrong, noted once where it was raised. */
struct tori_failure {
    tori_err err;
    const char *file;
    int line;
    struct tori_kv fields[4];
    unsigned field_count;
};

struct tori_result tori_fail(struct tori_ctx *cx, tori_err err, const char *file, int line,
                             const struct tori_kv *fields);

/* "sign_count_back": what callers see. Never NULL. */
const char *tori_err_name(tori_err err);
int tori_err_status(tori_err err);

#endif
