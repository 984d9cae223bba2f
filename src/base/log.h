/* One JSON object a line on standard error. Event names are fixed words with dots. */
#ifndef TORI_BASE_LOG_H
#define TORI_BASE_LOG_H

#include "base/kv.h"

struct tori_ctx;

enum tori_level { TORI_DEBUG, TORI_INFO, TORI_WARN, TORI_ERROR };

/* Once at start: the role written into each line, the least level, the pepper of tori_pii(). */
struct tori_log;
struct tori_log *tori_log_new(const char *role, enum tori_level least, int fd);
void tori_log_free(struct tori_log *log);

#define tori_log(cx, level, event, ...)                                                            \
    tori_log_write((cx), (level), (event),                                                         \
                   (const struct tori_kv[]){__VA_ARGS__ __VA_OPT__(, ){.kind = TORI_KV_END}})
void tori_log_write(const struct tori_ctx *cx, enum tori_level level, const char *event,
                    const struct tori_kv *fields);
/* The one line of a failed request: the code, the place, the fields noted by TORI_FAIL. */
void tori_log_failure(const struct tori_ctx *cx, enum tori_level level, const char *event);

#endif
