/* torimori admin: a small client of the admin socket of a running Torimori. */
#include <curl/curl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/hash.h"
#include "base/settings.h"
#include "cmd/cmd.h"
#include "codec/json.h"
#include "supervisor.h"

TORI_AUTO_DEFINE(X509, X509_free)

enum { ARENA = 4 * 1024 * 1024, ANSWER_MAX = 256 * 1024, URIS = 8 };

static const char usage[] =
    "usage: torimori admin operator add REF --name NAME --config FILE\n"
    "       torimori admin channel add NAME --cert FILE --origin URL --return-uri URL [...]\n"
    "                      [--right ask|records ...] --config FILE\n"
#ifdef TORI_TEST_BUILD
    "       torimori admin clock SECONDS --config FILE\n"
#endif
    "\nThe first two operators and the channels added before them count at once; later ones wait "
    "for\n"
    "the approval of two operators.\n";

struct words {
    const char *noun;
    const char *name;
    const char *config;
    const char *display;
    const char *certificate;
    const char *origin;
    const char *uri[URIS];
    size_t uris;
    bool ask;
    bool records;
};

static bool take_option(struct words *w, const char *option, const char *value)
{
    if (strcmp(option, "--config") == 0)
        w->config = value;
    else if (strcmp(option, "--name") == 0)
        w->display = value;
    else if (strcmp(option, "--cert") == 0)
        w->certificate = value;
    else if (strcmp(option, "--origin") == 0)
        w->origin = value;
    else if (strcmp(option, "--return-uri") == 0 && w->uris < URIS)
        w->uri[w->uris++] = value;
    else if (strcmp(option, "--right") == 0 && strcmp(value, "ask") == 0)
        w->ask = true;
    else if (strcmp(option, "--right") == 0 && strcmp(value, "records") == 0)
        w->records = true;
    else
        return false;
    return true;
}

static bool take_words(int argc, char **argv, struct words *w)
{
    int at = 3;

    if (argc < 3)
        return false;
    w->noun = argv[1];
    w->name = argv[2];
    if (strcmp(w->noun, "clock") != 0) {
        if (argc < 4 || strcmp(argv[2], "add") != 0)
            return false;
        w->name = argv[3];
        at = 4;
    }
    for (; at + 1 < argc; at += 2)
        if (!take_option(w, argv[at], argv[at + 1]))
            return false;
    return at == argc && w->config != NULL;
}

/* SHA-256 of the SubjectPublicKeyInfo: what a channel is known by. */
static bool key_of(const char *path, struct tori_hash *out)
{
    FILE *file = fopen(path, "r");
    uint8_t *der = NULL;

    if (file == NULL)
        return false;
    TORI_AUTO(X509) certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    int len = certificate == NULL ? -1 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (len <= 0)
        return false;
    *out = tori_sha256((struct tori_bytes){der, (size_t)len});
    OPENSSL_free(der);
    return true;
}

static void write_uris(const struct words *w, struct tori_json_out *out)
{
    tori_out_list(out, "return_uris");
    for (size_t i = 0; i < w->uris; i++) {
        tori_out_item(out);
        tori_out_open(out);
        tori_out_word(out, "uri", w->uri[i]);
        tori_out_close(out);
    }
    tori_out_list_end(out);
}

static void write_rights(const struct words *w, struct tori_json_out *out)
{
    bool all = !w->ask && !w->records;

    tori_out_list(out, "rights");
    if (all || w->ask) {
        tori_out_item(out);
        tori_buf_json_str(out->buf, TORI_STR("ask"));
    }
    if (all || w->records) {
        tori_out_item(out);
        tori_buf_json_str(out->buf, TORI_STR("records"));
    }
    tori_out_list_end(out);
}

static bool write_channel(const struct words *w, struct tori_json_out *out)
{
    struct tori_hash key;

    if (w->certificate == NULL || w->origin == NULL || w->uris == 0)
        return false;
    if (!key_of(w->certificate, &key)) {
        fprintf(stderr, "torimori: %s is not a certificate in PEM\n", w->certificate);
        return false;
    }
    tori_out_word(out, "name", w->name);
    tori_out_hex(out, "certificate_key", tori_hash_bytes(&key));
    tori_out_word(out, "origin", w->origin);
    write_uris(w, out);
    write_rights(w, out);
    return true;
}

/* The path of the request; NULL when words are missing. */
static const char *write_body(const struct words *w, struct tori_json_out *out)
{
    if (strcmp(w->noun, "operator") == 0 && w->display != NULL) {
        tori_out_word(out, "ref", w->name);
        tori_out_word(out, "name", w->display);
        return "/v1/admin/operators";
    }
    if (strcmp(w->noun, "channel") == 0)
        return write_channel(w, out) ? "/v1/admin/channels" : NULL;
#ifdef TORI_TEST_BUILD
    if (strcmp(w->noun, "clock") == 0) {
        tori_out_int(out, "shift_ms", strtoll(w->name, NULL, 10) * 1000);
        return "/v1/admin/clock";
    }
#endif
    return NULL;
}

static size_t keep(char *from, size_t size, size_t n, void *to)
{
    tori_buf_bytes(to, from, size * n);
    return size * n;
}

static long post(const char *socket_path, const char *path, struct tori_bytes body,
                 struct tori_buf *answer)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    char url[128];
    long status = 0;

    snprintf(url, sizeof(url), "http://admin%s", path);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)body.at);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body.len);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 15000L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    else
        fprintf(stderr, "torimori: %s: %s. Is Torimori running?\n", socket_path,
                curl_easy_strerror(code));
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return status;
}

static struct tori_str member(const struct tori_json *json, struct tori_str name)
{
    const struct tori_json *value = tori_json_get(json, name);
    return value != NULL && value->kind == TORI_JSON_TEXT ? value->text : (struct tori_str){"", 0};
}

/* The code stands alone in the last line, for people and for scripts. */
static int report(struct tori_ctx *cx, long status, const struct tori_buf *answer)
{
    struct tori_json json;

    if (status == 0)
        return 1;
    if (TORI_FAILED(tori_json_parse(cx, tori_buf_view(answer), &json))) {
        fprintf(stderr, "torimori: the answer (status %ld) is not JSON\n", status);
        return 1;
    }
    if (status >= 300) {
        fprintf(stderr, "torimori: %.*s (%.*s)\n", TORI_STR_ARG(member(&json, TORI_STR("title"))),
                TORI_STR_ARG(member(&json, TORI_STR("code"))));
        return 1;
    }
    static const struct {
        const char *name;
        const char *words;
    } rows[] = {{"expires_at", "The one-time code below can be used until"},
                {"channel_id", "Channel"},
                {"approval_id", "Waits for two operators; approval"},
                {"code", "Code"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tori_str value = member(&json, tori_str_z(rows[i].name));
        if (value.len > 0)
            printf("%s %.*s\n", rows[i].words, TORI_STR_ARG(value));
    }
    return 0;
}

static int run(struct tori_ctx *cx, const struct words *w)
{
    struct tori_settings settings;
    struct tori_places places;
    char why[TORI_SETTINGS_WHY];
    struct tori_buf body = tori_buf_new(cx->arena, ANSWER_MAX),
                    answer = tori_buf_new(cx->arena, ANSWER_MAX);
    struct tori_json_out out = {.buf = &body};

    if (TORI_FAILED(tori_settings_read(cx, w->config, &settings, why))) {
        fprintf(stderr, "torimori: %s\n", why);
        return 2;
    }
    if (TORI_FAILED(tori_places_of(cx, &settings, &places)))
        return 2;
    tori_out_open(&out);
    const char *path = write_body(w, &out);
    tori_out_close(&out);
    if (path == NULL) {
        fputs(usage, stderr);
        return 2;
    }
    return report(cx, post(places.admin_socket, path, tori_buf_view(&body), &answer), &answer);
}

int tori_cmd_admin(int argc, char **argv)
{
    struct tori_ctx cx = {.arena = tori_arena_new(ARENA)};
    struct words w = {.noun = NULL};

    if (cx.arena == NULL)
        return 1;
    tori_hash_init();
    if (!take_words(argc, argv, &w)) {
        fputs(usage, stderr);
        tori_arena_free(cx.arena);
        return 2;
    }
    int code = run(&cx, &w);
    tori_arena_free(cx.arena);
    return code;
}
