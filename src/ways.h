/* The ways in, as the settings describe them: one listener for each, with its hosts, certificate,
 * and the proxies that are believed. */
#ifndef TORI_WAYS_H
#define TORI_WAYS_H

#include "base/settings.h"
#include "http/server.h"
#include "supervisor.h"

enum { TORI_WORDS_MAX = 8, TORI_WAYS = 5 };

/* A listed setting, "a, b, c", as NUL-terminated words; word[count] is NULL. */
struct tori_words {
    char text[1024];
    const char *word[TORI_WORDS_MAX + 1];
    size_t count;
};
/* SETTING_BAD when there are too many. */
TORI_RESULT tori_words_split(struct tori_ctx *cx, const char *setting, const char *list,
                             struct tori_words *out);

struct tori_way {
    struct tori_words hosts;
    struct tori_words proxies;
    char address[64];
};

/* Not to be moved: the listeners point into it. */
struct tori_ways {
    struct tori_way way[TORI_WAYS];
    struct tori_listener_config listener[TORI_WAYS];
};
/* `settings` and `places` must outlive it. */
TORI_RESULT tori_ways_read(struct tori_ctx *cx, const struct tori_settings *settings,
                           const struct tori_places *places, struct tori_ways *out);

#endif
