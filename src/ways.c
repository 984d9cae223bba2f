#include "ways.h"

#include <stdlib.h>
#include <string.h>

struct tori_result tori_words_split(struct tori_ctx *cx, const char *setting, const char *list,
                                    struct tori_words *out)
{
    if (strlen(list) >= sizeof(out->text))
        return TORI_FAIL(cx, SETTING_BAD, tori_word("setting", setting));
    memcpy(out->text, list, strlen(list) + 1);
    for (char *rest = out->text, *word; (word = strsep(&rest, ",")) != NULL;) {
        while (*word == ' ')
            word++;
        if (*word == '\0')
            continue;
        if (out->count == TORI_WORDS_MAX)
            return TORI_FAIL(cx, SETTING_BAD, tori_word("setting", setting));
        out->word[out->count++] = word;
    }
    return TORI_OK;
}

/* One listener's settings, by the part of their names before the dot. */
struct source {
    enum tori_listener role;
    const char *name;
    const char *listen;
    const char *hosts;
    const char *certificate;
    const char *key;
    const char *proxies;
    const char *forwarded_header;
    bool proxy_protocol;
    bool https_in_front;
};

static bool read_port(const char *text, int *out)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return false;
    *out = (int)strtol(text, NULL, 10);
    return *out <= UINT16_MAX;
}

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static TORI_RESULT read_way(struct tori_ctx *cx, const struct source *from, struct tori_way *way,
                            struct tori_listener_config *out)
{
    const char *colon = strrchr(from->listen, ':');
    int port;

    if (colon == NULL || (size_t)(colon - from->listen) >= sizeof(way->address) ||
        !read_port(colon + 1, &port))
        return TORI_FAIL(cx, SETTING_BAD, tori_word("setting", from->name),
                         tori_word("value", from->listen));
    memcpy(way->address, from->listen, (size_t)(colon - from->listen));
    TORI_TRY(tori_words_split(cx, from->name, from->hosts[0] != '\0' ? from->hosts : from->listen,
                              &way->hosts));
    TORI_TRY(tori_words_split(cx, from->name, from->proxies, &way->proxies));
    *out = (struct tori_listener_config){
        .role = from->role,
        .address = way->address,
        .port = port,
        .hosts = way->hosts.word,
        .cert_file = or_null(from->certificate),
        .key_file = or_null(from->key),
        .https_in_front = from->https_in_front,
        .proxy_protocol = from->proxy_protocol,
        .forwarded_header = or_null(from->forwarded_header),
        .peers = way->proxies.word,
    };
    return TORI_OK;
}

struct tori_result tori_ways_read(struct tori_ctx *cx, const struct tori_settings *s,
                                  const struct tori_places *places, struct tori_ways *out)
{
    static const char *const admin_host[] = {"admin", NULL};
    /* Channels bring a certificate of their own, so no proxy can end their TLS and speak for them
     * in a header. */
    const struct source from[] = {
        {TORI_LISTENER_CUSTOMER, "customer.listen", s->customer_listen, s->customer_hosts,
         s->customer_certificate, s->customer_key, s->customer_proxies,
         s->customer_forwarded_header, s->customer_proxy_protocol, s->customer_https_in_front},
        {TORI_LISTENER_OPERATOR, "operator.listen", s->operator_listen, s->operator_hosts,
         s->operator_certificate, s->operator_key, s->operator_proxies,
         s->operator_forwarded_header, s->operator_proxy_protocol, s->operator_https_in_front},
        {TORI_LISTENER_CHANNEL, "channel.listen", s->channel_listen, s->channel_hosts,
         s->channel_certificate, s->channel_key, s->channel_proxies, "", s->channel_proxy_protocol,
         false},
        {TORI_LISTENER_METRICS, "metrics.listen", s->metrics_listen, s->metrics_hosts, "", "", "",
         "", false, false},
    };

    for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
        TORI_TRY(read_way(cx, &from[i], &out->way[i], &out->listener[i]));
    out->listener[TORI_WAYS - 1] = (struct tori_listener_config){
        .role = TORI_LISTENER_ADMIN, .address = places->admin_socket, .hosts = admin_host};
    return TORI_OK;
}
