/* preview DIR: writes every sample page in both languages into DIR, for eyes and for the browser
 * tests. */
#include <stdio.h>

#include "base/file.h"
#include "samples.h"

static int write_page(struct tori_ctx *cx, const char *dir, const struct tori_sample *sample)
{
    static const char *const suffix[TORI_LANG_COUNT] = {"ja", "en"};
    struct tori_reply out;
    char path[512];

    if (TORI_FAILED(tori_sample_render(cx, sample, &out)))
        return 1;
    (void)snprintf(path, sizeof(path), "%s/%s.%s.html", dir, sample->name, suffix[cx->lang]);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return 1;
    size_t written = fwrite(out.body.at, 1, out.body.len, file);
    return fclose(file) != 0 || written != out.body.len;
}

int main(int argc, char **argv)
{
    struct tori_ctx cx = {.now = (tori_time)TORI_SAMPLE_NOW_S * 1000};
    int failed = 0;

    if (argc != 2)
        return 2;
    cx.arena = tori_arena_new(8 * 1024 * 1024);
    for (size_t i = 0; cx.arena != NULL && i < tori_sample_count; i++)
        for (int lang = TORI_JA; lang < TORI_LANG_COUNT; lang++) {
            tori_arena_reset(cx.arena);
            cx.lang = (enum tori_lang)lang;
            if (write_page(&cx, argv[1], &tori_samples[i]) != 0) {
                (void)fprintf(stderr, "preview: %s: %s\n", tori_samples[i].name,
                              tori_err_name(cx.failure.err));
                failed = 1;
            }
        }
    tori_arena_free(cx.arena);
    return failed;
}
