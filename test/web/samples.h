/* Every page in every state, with made-up people: what the unit tests and the preview render. */
#ifndef TORI_TEST_WEB_SAMPLES_H
#define TORI_TEST_WEB_SAMPLES_H

#include "http/page/layout.h"
#include "service/command.h"

enum { TORI_SAMPLE_NOW_S = 1795150800 }; /* 2026-11-20T05:00:00Z */

struct tori_sample {
    const char *name;                  /* of the file: "login" gives login.ja.html */
    tori_finish_fn *page;              /* NULL: an error page */
    const void *view[TORI_LANG_COUNT]; /* the English one may be NULL: the same */
    tori_err err;
    int64_t retry_after_s;
};

extern const struct tori_sample tori_samples[];
extern const size_t tori_sample_count;

/* Renders one into out, whose body this begins. */
TORI_RESULT tori_sample_render(struct tori_ctx *cx, const struct tori_sample *sample,
                               struct tori_reply *out);

#endif
