/* What a commit costs, against a bare tuned loop on the same engine in the same run: groups of 1,
 * 16 and 64 commands of four changes each, product's own schema and indexes. Both sides in turn,
 * the median of ROUNDS; CPU time of this process with its checkpoint thread, the server's not.
 *
 * On disk below the working folder; PostgreSQL where TORIMORI_TEST_PG says (with_postgres.py). */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "store/store.h"
#include "store_bare.h"

enum { ROUNDS = 5, ROUND_MS = 700, CHANGES = 4, GROUP_MAX = 64, ARENA = 1024 * 1024 };

#define must(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "bench: %s failed (line %d)\n", #what, __LINE__);                      \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

struct ours {
    struct tori_ctx cx;
    struct tori_store *store;
    struct tori_writer *writer;
    struct tori_reader *reader;
    int64_t seq;
    uint64_t seed;
};

/* What a login leaves behind, roughly: a session, a journal row, a notice, a counter. */
struct command {
    struct tori_session session;
    struct tori_journal journal;
    struct tori_notice notice;
    struct tori_credential credential;
    struct tori_change change[CHANGES];
};

static const uint8_t filling[256];

static void try(struct ours *ours, struct tori_result result)
{
    if (!TORI_FAILED(result))
        return;
    fprintf(stderr, "bench: %s at %s:%d\n", tori_err_name(result.err), ours->cx.failure.file,
            ours->cx.failure.line);
    exit(1);
}

static struct tori_credential credential_of(uint64_t customer)
{
    struct tori_credential credential = {.alg = -7,
                                         .credential_id = {filling, 32},
                                         .public_key = {filling, 77},
                                         .aaguid = {filling, 16},
                                         .format = TORI_STR("none"),
                                         .state = 1};
    bench_key(customer, credential.customer_id.at, 18);
    bench_key(customer, credential.id.at, 18);
    return credential;
}

static void fill_ours(struct ours *ours)
{
    static struct tori_credential row[500];
    static struct tori_change change[500];
    const struct tori_change *list = change;

    for (uint64_t i = 0; i < BENCH_CUSTOMERS; i += 500) {
        for (uint64_t k = 0; k < 500; k++) {
            row[k] = credential_of(i + k);
            change[k] = (struct tori_change){TORI_INSERT, TORI_TABLE_CREDENTIAL, &row[k],
                                             k < 499 ? &change[k + 1] : NULL};
        }
        try(ours, tori_commit(&ours->cx, ours->writer, &list, 1));
    }
}

static void open_ours(struct ours *ours, const char *owner_url, const char *url)
{
    struct tori_store_config config = {.url = tori_str_z(owner_url)};
    struct tori_store *owner;
    bool taken = false;

    ours->cx.arena = tori_arena_new(ARENA);
    try(ours, tori_store_open(&ours->cx, &config, false, &owner));
    try(ours, tori_store_migrate(&ours->cx, owner));
    tori_store_close(owner);
    config.url = tori_str_z(url);
    try(ours, tori_store_open(&ours->cx, &config, false, &ours->store));
    try(ours, tori_writer_open(&ours->cx, ours->store, 0, TORI_STR("bench"), &ours->writer));
    try(ours, tori_lease_take(&ours->cx, ours->writer, &taken));
    must(taken);
    fill_ours(ours);
}

static void make_command(struct ours *ours, struct command *c)
{
    uint64_t customer = bench_any(&ours->seed) % BENCH_CUSTOMERS;
    int64_t now = 1795150800000 + ours->seq;

    memset(c, 0, sizeof(*c));
    c->credential = credential_of(customer);
    c->credential.sign_count = ours->seq;
    c->session = (struct tori_session){.customer_id = c->credential.customer_id, .created_at = now};
    bench_key((uint64_t)ours->seq + BENCH_CUSTOMERS, c->session.id.at, 18);
    c->journal = (struct tori_journal){.seq = ours->seq++,
                                       .at_ms = now,
                                       .customer_id = c->credential.customer_id,
                                       .kind = TORI_STR("login"),
                                       .entry = {(const char *)filling, 0}};
    static const char entry[201] = "0123456789012345678901234567890123456789"
                                   "0123456789012345678901234567890123456789"
                                   "0123456789012345678901234567890123456789"
                                   "0123456789012345678901234567890123456789"
                                   "0123456789012345678901234567890123456789";
    c->journal.entry = (struct tori_str){entry, 200};
    c->notice = (struct tori_notice){.customer_id = c->credential.customer_id,
                                     .id = c->session.id,
                                     .template = TORI_STR("login"),
                                     .sealed_params = {filling, 120},
                                     .created_at = now};
    c->change[0] =
        (struct tori_change){TORI_INSERT, TORI_TABLE_SESSION, &c->session, &c->change[1]};
    c->change[1] =
        (struct tori_change){TORI_INSERT, TORI_TABLE_JOURNAL, &c->journal, &c->change[2]};
    c->change[2] = (struct tori_change){TORI_INSERT, TORI_TABLE_NOTICE, &c->notice, &c->change[3]};
    c->change[3] = (struct tori_change){TORI_UPDATE, TORI_TABLE_CREDENTIAL, &c->credential, NULL};
}

static void our_group(void *to, int n)
{
    static struct command command[GROUP_MAX];
    struct ours *ours = to;
    const struct tori_change *list[GROUP_MAX];

    for (int i = 0; i < n; i++) {
        make_command(ours, &command[i]);
        list[i] = command[i].change;
    }
    try(ours, tori_commit(&ours->cx, ours->writer, list, (size_t)n));
}

static int64_t cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

struct figure {
    double per_s;
    double cpu_us; /* of one command */
};

static struct figure run(void (*group)(void *, int), void *to, int n)
{
    int64_t from_us = tori_clock_steady_us(), cpu = cpu_us(), commands = 0, now_us;

    do {
        group(to, n);
        commands += n;
        now_us = tori_clock_steady_us();
    } while (now_us - from_us < ROUND_MS * 1000);
    return (struct figure){(double)commands * 1e6 / (double)(now_us - from_us),
                           (double)(cpu_us() - cpu) / (double)commands};
}

static int by_cpu(const void *a, const void *b)
{
    double x = ((const struct figure *)a)->cpu_us, y = ((const struct figure *)b)->cpu_us;
    return (x > y) - (x < y);
}

static int by_rate(const void *a, const void *b)
{
    double x = ((const struct figure *)a)->per_s, y = ((const struct figure *)b)->per_s;
    return (x > y) - (x < y);
}

static struct figure median(struct figure *figure)
{
    struct figure middle;
    qsort(figure, ROUNDS, sizeof(*figure), by_cpu);
    middle.cpu_us = figure[ROUNDS / 2].cpu_us;
    qsort(figure, ROUNDS, sizeof(*figure), by_rate);
    middle.per_s = figure[ROUNDS / 2].per_s;
    return middle;
}

static void compare(const char *engine, struct ours *ours, void (*bare_group)(void *, int),
                    void *bare)
{
    static const int size[] = {1, 16, 64};
    struct figure us[ROUNDS], them[ROUNDS];

    for (size_t i = 0; i < 3; i++) {
        for (int round = 0; round < ROUNDS; round++) {
            us[round] = run(our_group, ours, size[i]);
            them[round] = run(bare_group, bare, size[i]);
        }
        struct figure a = median(us), b = median(them);
        printf("%-10s group of %2d: %7.0f commands/s, %6.1f us CPU each, %5.2f a change; bare "
               "%7.0f/s, %6.1f us; ratio %.2f by rate, %.2f by CPU\n",
               engine, size[i], a.per_s, a.cpu_us, a.cpu_us / CHANGES, b.per_s, b.cpu_us,
               a.per_s / b.per_s, b.cpu_us / a.cpu_us);
        fflush(stdout);
    }
}

/* A whole aggregate of few rows, by one reader. */
static void our_load(void *to, int n)
{
    struct ours *ours = to;
    struct tori_aggregate *agg = NULL;

    for (int i = 0; i < n; i++) {
        struct tori_credential of = credential_of(bench_any(&ours->seed) % BENCH_CUSTOMERS);
        try(ours, tori_load_aggregate(&ours->cx, ours->reader, &of.customer_id, 0, &agg));
        tori_aggregate_free(agg);
        tori_arena_reset(ours->cx.arena);
    }
}

static void load(const char *engine, struct ours *ours)
{
    struct figure figure[ROUNDS];

    try(ours, tori_reader_open(&ours->cx, ours->store, &ours->reader));
    for (int round = 0; round < ROUNDS; round++)
        figure[round] = run(our_load, ours, 16);
    struct figure middle = median(figure);
    printf("%-10s aggregates loaded: %7.0f/s by one reader, %6.1f us CPU each\n", engine,
           middle.per_s, middle.cpu_us);
    tori_reader_close(ours->reader);
}

static void sqlite_group(void *to, int n)
{
    bare_sqlite_group(to, n);
}

static void pg_group(void *to, int n)
{
    bare_pg_group(to, n);
}

static void bench_sqlite(void)
{
    char folder[] = "bench-store-XXXXXX", url[64], path[64], command[64];
    struct ours ours = {.seed = 1};

    must(mkdtemp(folder) != NULL);
    snprintf(url, sizeof(url), "sqlite:%s/ours.db", folder);
    snprintf(path, sizeof(path), "%s/bare.db", folder);
    open_ours(&ours, url, url);
    struct bare *bare = bare_sqlite_open(path);
    compare("SQLite", &ours, sqlite_group, bare);
    load("SQLite", &ours);
    bare_sqlite_close(bare);
    tori_writer_close(ours.writer);
    tori_store_close(ours.store);
    tori_arena_free(ours.cx.arena);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    must(system(command) == 0);
}

static void make_database(const char *admin, const char *name)
{
    PGconn *conn = PQconnectdb(admin);
    char text[80];

    snprintf(text, sizeof(text), "CREATE DATABASE %s", name);
    PGresult *result = PQexec(conn, text);
    must(PQresultStatus(result) == PGRES_COMMAND_OK);
    PQclear(result);
    PQfinish(conn);
}

static void bench_pg(const char *admin)
{
    char owner[512], url[512], bare_url[512];
    const char *query = strchr(admin, '?');
    const char *at = strchr(admin, '@');
    struct ours ours = {.seed = 1};

    make_database(admin, "ours");
    make_database(admin, "bare");
    snprintf(owner, sizeof(owner), "%.*s/ours%s", (int)(at - admin) + 1, admin, query);
    snprintf(url, sizeof(url), "postgresql://torimori_app@/ours%s", query);
    snprintf(bare_url, sizeof(bare_url), "%.*s/bare%s", (int)(at - admin) + 1, admin, query);
    open_ours(&ours, owner, url);
    struct bare *bare = bare_pg_open(bare_url);
    compare("PostgreSQL", &ours, pg_group, bare);
    load("PostgreSQL", &ours);
    bare_pg_close(bare);
    tori_writer_close(ours.writer);
    tori_store_close(ours.store);
    tori_arena_free(ours.cx.arena);
}

int main(void)
{
    tori_hash_init();
    bench_sqlite();
    if (getenv("TORIMORI_TEST_PG") != NULL)
        bench_pg(getenv("TORIMORI_TEST_PG"));
    else
        printf("PostgreSQL is absent: TORIMORI_TEST_PG is not set\n");
    return 0;
}
