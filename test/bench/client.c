/* client USERS PLACES: the load of `make bench`. Actors with kept-alive TLS 1.3 connections do
 * what browsers and channels do, in turn, on one thread that never sleeps: were it asleep, the
 * server would pay for waking it, which no client at the end of a network makes it do. Each line of
 * standard input, "login 2000", is done and answered by "2000 1.234567" (how many, seconds). It
 * shares no code with the server, ends at the first answer that is not the expected one, and its
 * own CPU time counts for nothing. */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "wire.h"

enum { ACTORS = 32, STACK = 256 * 1024, USERS = 512, COOKIES = 512, BACKUP_FLAGS = 0x1d };

/* Where everything is; filled from the second file, a name and a value each line. */
struct places {
    char customer_port[SMALL], customer_host[SMALL], origin[SMALL], rp_id[SMALL];
    char channel_port[SMALL], channel_host[SMALL], return_uri[SMALL];
    char ca[SMALL * 4], certificate[SMALL * 4], key[SMALL * 4];
};

struct user {
    char customer[SMALL], credential[SMALL], handle[SMALL];
    EVP_PKEY *key;
    uint32_t count;
    char session[SMALL];
    char cookies[COOKIES];
};

struct actor {
    ucontext_t at;
    bool waits; /* for its next job */
    struct line customer, channel, raw;
    struct user *user;
    size_t users, next;
    long turns;
    struct answer answer;
    char request[MESSAGE], body[MESSAGE];
    unsigned number;
};

static struct places place;
static struct user user[USERS];
static struct actor actor[ACTORS];
static struct actor *now;
static ucontext_t director;
static char raw_request[MESSAGE];
static void (*job)(struct actor *);

static void expect(const struct actor *t, int status)
{
    if (t->answer.status == status)
        return;
    fprintf(stderr, "client: %d expected\n%s\n%s\n", status, t->request, t->answer.text);
    exit(1);
}

static void channel_post(struct actor *t, const char *path, const char *more, int status)
{
    int n = snprintf(t->request, MESSAGE,
                     "POST %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\n"
                     "Content-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s",
                     path, place.channel_host, more, strlen(t->body), t->body);
    exchange(&t->channel, t->request, (size_t)n, &t->answer);
    expect(t, status);
}

static void open_visit(struct actor *t, const char *purpose, const char *more,
                       char visit[static SMALL])
{
    snprintf(t->body, MESSAGE,
             "{\"purpose\":\"%s\",\"return_uri\":\"%s\",\"state\":\"b3BhcXVlLXN0YXRlLTE\","
             "\"locale\":\"ja\"%s}",
             purpose, place.return_uri, more);
    channel_post(t, "/v1/interactions", "", 201);
    between(t->answer.body, "\"interaction_id\":\"", '"', visit);
}

static void collect(struct actor *t, const char *visit, const char *code)
{
    char path[SMALL * 2];

    snprintf(path, sizeof(path), "/v1/interactions/%s/result", visit);
    snprintf(t->body, MESSAGE, "{\"code\":\"%s\"}", code);
    channel_post(t, path, "", 200);
}

static void keep_cookies(struct user *u, const char *head)
{
    for (const char *at = head; (at = strcasestr(at, "\r\nset-cookie: ")) != NULL;) {
        at += 14;
        size_t name = strcspn(at, "=") + 1, whole = strcspn(at, ";\r");
        char fresh[COOKIES] = "";
        /* The others stay, this one is replaced. */
        for (char *old = u->cookies; *old != '\0';) {
            size_t n = strcspn(old, ";");
            if (strncmp(old, at, name) != 0)
                snprintf(fresh + strlen(fresh), COOKIES - strlen(fresh), "%.*s; ", (int)n, old);
            old += n + strspn(old + n, "; ");
        }
        snprintf(fresh + strlen(fresh), COOKIES - strlen(fresh), "%.*s", (int)whole, at);
        memcpy(u->cookies, fresh, COOKIES);
    }
}

static void browse(struct actor *t, struct user *u, const char *line, int status)
{
    int post = line[0] == 'P';
    int n = snprintf(t->request, MESSAGE,
                     "%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) "
                     "BenchBrowser/1.0\r\nAccept: %s\r\nAccept-Language: ja\r\n%s%s%s",
                     line, place.customer_host, post ? "application/json" : "text/html",
                     u->cookies[0] ? "Cookie: " : "", u->cookies, u->cookies[0] ? "\r\n" : "");

    if (post)
        n += snprintf(t->request + n, MESSAGE - (size_t)n,
                      "Origin: %s\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n"
                      "Sec-Fetch-Dest: empty\r\nContent-Type: application/json\r\n"
                      "Content-Length: %zu\r\n\r\n%s",
                      place.origin, strlen(t->body), t->body);
    else
        n += snprintf(t->request + n, MESSAGE - (size_t)n,
                      "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\n"
                      "Sec-Fetch-Dest: document\r\n\r\n");
    exchange(&t->customer, t->request, (size_t)n, &t->answer);
    expect(t, status);
    keep_cookies(u, t->answer.text);
}

static void sign(struct user *u, const uint8_t *message, size_t len, uint8_t *out, size_t *out_len)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();

    must(md != NULL && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, u->key) == 1);
    must(EVP_DigestSign(md, out, out_len, message, len) == 1);
    EVP_MD_CTX_free(md);
}

/* AuthenticationResponseJSON for a challenge (WebAuthn L3 §6.1, §5.8.1). */
static void write_assertion(struct user *u, const char *challenge, const char *origin, char *out)
{
    uint8_t message[37 + 32], signature[80];
    char client[512], client_b64[1024], data_b64[SMALL], signature_b64[SMALL];
    size_t signature_len = sizeof(signature);
    int n = snprintf(client, sizeof(client),
                     "{\"type\":\"webauthn.get\",\"challenge\":\"%s\",\"origin\":\"%s\","
                     "\"crossOrigin\":false}",
                     challenge, origin);

    must(EVP_Digest(place.rp_id, strlen(place.rp_id), message, NULL, EVP_sha256(), NULL) == 1);
    message[32] = BACKUP_FLAGS;
    u->count++;
    for (int i = 0; i < 4; i++)
        message[33 + i] = (uint8_t)(u->count >> (24 - 8 * i));
    must(EVP_Digest(client, (size_t)n, message + 37, NULL, EVP_sha256(), NULL) == 1);
    sign(u, message, sizeof(message), signature, &signature_len);
    to_b64u((uint8_t *)client, (size_t)n, client_b64);
    to_b64u(message, 37, data_b64);
    to_b64u(signature, signature_len, signature_b64);
    snprintf(out, MESSAGE,
             "{\"id\":\"%s\",\"rawId\":\"%s\",\"type\":\"public-key\",\"response\":{"
             "\"clientDataJSON\":\"%s\",\"authenticatorData\":\"%s\",\"signature\":\"%s\","
             "\"userHandle\":\"%s\"}}",
             u->credential, u->credential, client_b64, data_b64, signature_b64, u->handle);
}

/* Challenge, proof, and the way back with its code. */
static void prove(struct actor *t, struct user *u, const char *visit, char code[static SMALL])
{
    char line[SMALL * 2], challenge[SMALL];

    snprintf(line, sizeof(line), "POST /v1/i/%s/challenge", visit);
    snprintf(t->body, MESSAGE, "{}");
    browse(t, u, line, 200);
    between(t->answer.body, "\"challenge\":\"", '"', challenge);
    write_assertion(u, challenge, place.origin, t->body);
    snprintf(line, sizeof(line), "POST /v1/i/%s/proof", visit);
    browse(t, u, line, 200);
    snprintf(line, sizeof(line), "GET /i/%s/done", visit);
    browse(t, u, line, 303);
    between(t->answer.text, "code=", '&', code);
}

static struct user *take_user(struct actor *t)
{
    return &t->user[t->next++ % t->users];
}

static void log_in(struct actor *t)
{
    struct user *u = take_user(t);
    char visit[SMALL], code[SMALL];

    u->cookies[0] = '\0';
    open_visit(t, "login", "", visit);
    prove(t, u, visit, code);
    collect(t, visit, code);
    between(t->answer.body, "\"session_id\":\"", '"', u->session);
}

static void write_withdrawal(struct actor *t, const struct user *u)
{
    char at[32];
    time_t now = time(NULL);
    struct tm utc;

    gmtime_r(&now, &utc);
    strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%S.000Z", &utc);
    snprintf(
        t->body, MESSAGE,
        "{\"type\":\"withdrawal\",\"type_version\":1,\"occurred_at\":\"%s\","
        "\"customer\":\"%s\",\"account\":\"A-1\",\"user\":\"U-1\",\"session\":\"%s\","
        "\"context\":{\"ip\":\"203.0.113.7\",\"port\":50123,\"user_agent\":\"BenchBrowser/1.0\","
        "\"locale\":\"ja\"},\"fields\":{\"amount\":{\"currency\":\"JPY\",\"minor\":500000},"
        "\"payout_account\":\"P-1\"}}",
        at, u->customer, u->session);
}

static void step_up(struct actor *t)
{
    struct user *u = take_user(t);
    char operation[SMALL], visit[SMALL], code[SMALL], more[SMALL * 2];

    snprintf(more, sizeof(more), "Idempotency-Key: %d-%u-%u\r\n", (int)getpid(),
             (unsigned)(t - actor), t->number++);
    write_withdrawal(t, u);
    channel_post(t, "/v1/operations", more, 201);
    between(t->answer.body, "\"operation_id\":\"", '"', operation);
    snprintf(more, sizeof(more), ",\"operation_id\":\"%s\"", operation);
    open_visit(t, "confirm", more, visit);
    prove(t, u, visit, code);
    collect(t, visit, code);
    snprintf(more, sizeof(more), "/v1/operations/%s/redeem", operation);
    snprintf(t->body, MESSAGE, "{}");
    channel_post(t, more, "", 200);
    must(strstr(t->answer.body, "\"redeemed\"") != NULL);
}

static void introspect(struct actor *t)
{
    const struct user *u = take_user(t);

    snprintf(t->body, MESSAGE, "{\"session_id\":\"%s\"}", u->session);
    channel_post(t, "/v1/sessions/introspect", "", 200);
    must(strstr(t->answer.body, "\"active\":true") != NULL);
}

/* Ends the sessions that logins left, so that a customer never has more than one. */
static void log_out(struct actor *t)
{
    struct user *u = take_user(t);

    snprintf(t->body, MESSAGE, "{\"session_id\":\"%s\"}", u->session);
    channel_post(t, "/v1/sessions/end", "", 200);
}

/* The same bytes over and over, to a peer. */
static void raw(struct actor *t)
{
    exchange(&t->raw, raw_request, strlen(raw_request), &t->answer);
    must(t->answer.status == 200);
}

static const struct {
    const char *name;
    void (*run)(struct actor *);
} jobs[] = {{"login", log_in},
            {"stepup", step_up},
            {"introspect", introspect},
            {"logout", log_out},
            {"raw", raw}};

void wait_a_turn(void)
{
    swapcontext(&now->at, &director);
}

static void act(void)
{
    for (;;) {
        now->waits = true;
        wait_a_turn();
        now->waits = false;
        for (long i = 0; i < now->turns; i++)
            job(now);
    }
}

/* One turn for everybody; says whether somebody is still at it. */
static bool go_round(void)
{
    bool busy = false;

    for (size_t i = 0; i < ACTORS; i++) {
        now = &actor[i];
        if (now->waits && now->turns == 0)
            continue;
        swapcontext(&director, &now->at);
        if (now->waits)
            now->turns = 0;
        busy = busy || !now->waits;
    }
    return busy;
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_job(const char *name, long count)
{
    job = NULL;
    for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
        if (strcmp(jobs[i].name, name) == 0)
            job = jobs[i].run;
    must(job != NULL);
    for (size_t i = 0; i < ACTORS; i++)
        actor[i].turns = (count + ACTORS - 1) / ACTORS;
    double from = seconds_now();
    while (go_round())
        continue;
    printf("%ld %.6f\n", (count + ACTORS - 1) / ACTORS * ACTORS, seconds_now() - from);
}

/* "peer PORT HOST FILE": the following raw jobs go there; HOST "-" means without TLS. */
static void choose_peer(const char *words)
{
    char port[SMALL], host[SMALL], file[SMALL * 4];
    FILE *from;

    must(sscanf(words, "peer %127s %127s %511s", port, host, file) == 3);
    must((from = fopen(file, "r")) != NULL);
    raw_request[fread(raw_request, 1, MESSAGE - 1, from)] = '\0';
    fclose(from);
    for (size_t i = 0; i < ACTORS; i++) {
        if (actor[i].raw.fd > 0)
            close_line(&actor[i].raw);
        actor[i].raw = open_line(port, host[0] == '-' ? NULL : host);
    }
    puts("ok");
}

/* "sample FILE": writes the latest channel request and its answer, for the echo beside us. */
static void write_sample(const char *words)
{
    char name[SMALL * 4];
    FILE *to;

    must(sscanf(words, "sample %511s", name) == 1 && strlen(name) + 8 < sizeof(name));
    strcat(name, ".in");
    must((to = fopen(name, "w")) != NULL && fputs(actor[0].request, to) >= 0);
    fclose(to);
    strcpy(strrchr(name, '.'), ".out");
    must((to = fopen(name, "w")) != NULL && fputs(actor[0].answer.text, to) >= 0);
    fclose(to);
    puts("ok");
}

/* "assert CHALLENGE ORIGIN": an assertion by the first user, for a peer that verifies it. */
static void write_one(const char *words)
{
    char challenge[SMALL], origin[SMALL];

    must(sscanf(words, "assert %127s %127s", challenge, origin) == 2);
    write_assertion(&user[0], challenge, origin, actor[0].body);
    puts(actor[0].body);
}

static void read_places(const char *path)
{
    static const struct {
        const char *name;
        char *at;
        size_t room;
    } known[] = {
#define PLACE(name) {#name, place.name, sizeof(place.name)}
        PLACE(customer_port), PLACE(customer_host), PLACE(origin),     PLACE(rp_id),
        PLACE(channel_port),  PLACE(channel_host),  PLACE(return_uri), PLACE(ca),
        PLACE(certificate),   PLACE(key),
    };
    FILE *from = fopen(path, "r");
    char name[SMALL], value[SMALL * 4];

    must(from != NULL);
    while (fscanf(from, "%127s %511s", name, value) == 2)
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            if (strcmp(known[i].name, name) == 0)
                snprintf(known[i].at, known[i].room, "%s", value);
    fclose(from);
}

static size_t read_users(const char *path)
{
    FILE *from = fopen(path, "r");
    char key[2048];
    size_t n = 0;

    must(from != NULL);
    while (n < USERS && fscanf(from, "%127s %127s %127s %u %2047s", user[n].customer,
                               user[n].credential, user[n].handle, &user[n].count, key) == 5) {
        uint8_t der[2048];
        const uint8_t *at = der;
        size_t len = from_b64u(key, der);
        must((user[n].key = d2i_AutoPrivateKey(NULL, &at, (long)len)) != NULL);
        n++;
    }
    fclose(from);
    must(n >= ACTORS);
    return n;
}

static void set_stage(size_t users)
{
    size_t each = users / ACTORS;

    for (size_t i = 0; i < ACTORS; i++) {
        struct actor *t = &actor[i];
        t->user = &user[i * each];
        t->users = each;
        t->customer = open_line(place.customer_port, place.customer_host);
        t->channel = open_line(place.channel_port, place.channel_host);
        must(getcontext(&t->at) == 0);
        t->at.uc_stack.ss_size = STACK;
        must((t->at.uc_stack.ss_sp = malloc(STACK)) != NULL);
        makecontext(&t->at, act, 0);
        now = t;
        swapcontext(&director, &t->at); /* as far as its first wait */
    }
}

int main(int argc, char **argv)
{
    char words[1024], name[SMALL];
    long count;

    must(argc == 3);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    read_places(argv[2]);
    make_context(place.ca, place.certificate, place.key);
    set_stage(read_users(argv[1]));
    puts("ready");
    while (fgets(words, sizeof(words), stdin) != NULL) {
        if (strncmp(words, "peer ", 5) == 0)
            choose_peer(words);
        else if (strncmp(words, "sample ", 7) == 0)
            write_sample(words);
        else if (strncmp(words, "assert ", 7) == 0)
            write_one(words);
        else if (sscanf(words, "%127s %ld", name, &count) == 2)
            run_job(name, count);
        else
            return 1;
    }
    return 0;
}
