/* The router: paths are compared part by part, exactly; a part in braces takes one non-empty part.
 * The table is short, so it is walked; the first byte after the slash rules most rows out. */
#include <string.h>

#include "http/http_int.h"

enum { PARTS_MAX = 4 };

static bool listens(const struct tori_endpoint *endpoint, enum tori_listener role)
{
    return endpoint->listener == role || (endpoint->also & 1u << role) != 0;
}

struct walk {
    const char *pattern;
    struct tori_str path;
    struct tori_str part[PARTS_MAX];
    size_t parts;
};

/* "{id}" at the pattern takes bytes up to the next slash. */
static bool take_part(struct walk *walk)
{
    const char *end = strchr(walk->pattern, '}');
    size_t n = 0;

    while (n < walk->path.len && walk->path.at[n] != '/')
        n++;
    if (end == NULL || n == 0 || walk->parts == PARTS_MAX)
        return false;
    walk->part[walk->parts++] = (struct tori_str){walk->path.at, n};
    walk->path = (struct tori_str){walk->path.at + n, walk->path.len - n};
    walk->pattern = end + 1;
    return true;
}

static bool matches(struct walk *walk)
{
    while (*walk->pattern != 0) {
        if (*walk->pattern == '{') {
            if (!take_part(walk))
                return false;
            continue;
        }
        if (walk->path.len == 0 || walk->path.at[0] != *walk->pattern)
            return false;
        walk->pattern++;
        walk->path = (struct tori_str){walk->path.at + 1, walk->path.len - 1};
    }
    return walk->path.len == 0;
}

static bool method_of(struct tori_str text, enum tori_method *out)
{
    static const struct tori_str name[] = {[TORI_GET] = TORI_STR_INIT("GET"),
                                           [TORI_POST] = TORI_STR_INIT("POST"),
                                           [TORI_PUT] = TORI_STR_INIT("PUT"),
                                           [TORI_DEL] = TORI_STR_INIT("DELETE")};

    if (tori_str_eq(text, TORI_STR("HEAD")))
        text = name[TORI_GET];
    for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
        if (!tori_str_eq(text, name[i]))
            continue;
        *out = (enum tori_method)i;
        return true;
    }
    return false;
}

const struct tori_endpoint *tori_route(const struct tori_exchange *exchange, struct tori_str path,
                                       struct tori_caller *caller, unsigned *allow)
{
    const struct tori_server_config *config = &exchange->edge->server->config;
    enum tori_method method;
    bool known = method_of(exchange->head.method, &method);

    *allow = 0;
    for (size_t i = 0; i < config->endpoint_count; i++) {
        const struct tori_endpoint *endpoint = config->endpoints[i].endpoint;
        struct walk walk = {.pattern = endpoint->path, .path = path};
        if (!listens(endpoint, exchange->site->config->role) || !matches(&walk))
            continue;
        *allow |= 1u << endpoint->method;
        if (!known || endpoint->method != method)
            continue;
        memcpy(caller->path, walk.part, sizeof(caller->path));
        return endpoint;
    }
    return NULL;
}
