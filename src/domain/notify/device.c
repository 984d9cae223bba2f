#include "domain/notify/notify.h"

#include <string.h>

/* In the order in which they must be asked: most browsers also claim to be the ones after them. */
static const struct {
    const char *token;
    const char *name;
} browsers[] =
    {
        {"Edg/", "Edge"},
        {"EdgA/", "Edge"},
        {"EdgiOS/", "Edge"},
        {"OPR/", "Opera"},
        {"SamsungBrowser/", "Samsung Internet"},
        {"FxiOS/", "Firefox"},
        {"Firefox/", "Firefox"},
        {"CriOS/", "Chrome"},
        {"Chrome/", "Chrome"},
        {"Safari/", "Safari"},
},
  systems[] = {
      {"iPhone", "iPhone"}, {"iPad", "iPad"},     {"Android", "Android"}, {"Windows", "Windows"},
      {"Macintosh", "Mac"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
};

static bool holds(struct tori_str text, const char *token)
{
    return text.len > 0 && memmem(text.at, text.len, token, strlen(token)) != NULL;
}

struct tori_str tori_notify_device_words(struct tori_ctx *cx, struct tori_str user_agent)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 64);
    size_t i = 0, k = 0;

    while (i < sizeof(browsers) / sizeof(browsers[0]) && !holds(user_agent, browsers[i].token))
        i++;
    while (k < sizeof(systems) / sizeof(systems[0]) && !holds(user_agent, systems[k].token))
        k++;
    if (i < sizeof(browsers) / sizeof(browsers[0]))
        tori_buf_z(&buf, browsers[i].name);
    if (k < sizeof(systems) / sizeof(systems[0])) {
        tori_buf_z(&buf, buf.len > 0 ? ", " : "");
        tori_buf_z(&buf, systems[k].name);
    }
    return buf.over ? TORI_STR("") : tori_buf_text(&buf);
}
