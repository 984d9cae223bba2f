/* torimori serve and its roles: settings are read once by each process, from the same file. */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/aead.h"
#include "base/hash.h"
#include "base/settings.h"
#include "cmd/cmd.h"
#include "courier/courier.h"
#include "keyholder/keyholder.h"
#include "net.h"
#include "supervisor.h"

enum { ARENA = 4 * 1024 * 1024 };

struct process {
    struct tori_ctx cx;
    struct tori_settings settings;
    const char *config;
    const char *owner;
    bool check;
};

static const char usage[] =
    "usage: torimori serve --config FILE [--check]\n\n"
    "  --config FILE  the settings; torimori settings lists them\n"
    "  --check        only read the settings and say whether they are good\n";

static bool read_arguments(int argc, char **argv, struct process *p)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            p->config = argv[++i];
        else if (strcmp(argv[i], "--owner") == 0 && i + 1 < argc)
            p->owner = argv[++i];
        else if (strcmp(argv[i], "--check") == 0)
            p->check = true;
        else
            return false;
    }
    return p->config != NULL;
}

static bool begin(struct process *p, const char *role)
{
    char why[TORI_SETTINGS_WHY];

    tori_hash_init();
    tori_aead_init();
    p->cx.log = tori_log_new(role, TORI_INFO, STDERR_FILENO);
    p->cx.arena = tori_arena_new(ARENA);
    tori_random_seed(&p->cx.random);
    if (p->cx.log == NULL || p->cx.arena == NULL)
        return false;
    if (!TORI_FAILED(tori_settings_read(&p->cx, p->config, &p->settings, why)))
        return true;
    fprintf(stderr, "torimori: %s\n", why);
    return false;
}

static void end(struct process *p)
{
    tori_arena_free(p->cx.arena);
    tori_log_free(p->cx.log);
}

int tori_cmd_serve(int argc, char **argv)
{
    struct process p = {.config = NULL};
    int code = 0;

    if (!read_arguments(argc, argv, &p)) {
        fputs(usage, stderr);
        return 2;
    }
    if (!begin(&p, "supervisor"))
        code = 2;
    else if (p.check)
        printf("%s: good\n", p.config);
    else
        code = tori_supervise(&p.cx, &p.settings, p.config);
    end(&p);
    return code;
}

static uid_t uid_of(const char *user)
{
    const struct passwd *pw = user[0] == '\0' ? NULL : getpwnam(user);
    return pw == NULL ? geteuid() : pw->pw_uid;
}

static int run_keyholder(const struct process *p, const struct tori_places *places)
{
    struct tori_keyholder_config config = {
        .socket_fd = 3,
        .state_dir = places->keys,
        .origin = tori_str_z(p->settings.evidence_origin),
        .peer_uid = uid_of(p->settings.user_net),
    };
    return tori_keyholder_main(&config);
}

static enum tori_courier_tls tls_of(const char *security)
{
    if (strcmp(security, "tls") == 0)
        return TORI_COURIER_TLS;
    return strcmp(security, "plain") == 0 ? TORI_COURIER_PLAIN : TORI_COURIER_STARTTLS;
}

static int run_courier(const struct process *p, const struct tori_places *places)
{
    const struct tori_settings *s = &p->settings;
    struct tori_courier_config config = {
        .log = p->cx.log,
        .listen_fd = 3,
        .peer_uid = uid_of(s->user_net),
        .smtp_host = s->smtp_host[0] == '\0' ? "127.0.0.1" : s->smtp_host,
        .smtp_port = (int)s->smtp_port,
        .tls = tls_of(s->smtp_security),
        .ca_file = s->smtp_ca[0] == '\0' ? NULL : s->smtp_ca,
        .login_file = s->smtp_login[0] == '\0' ? NULL : s->smtp_login,
        .from_address = s->mail_from,
        .from_name = s->firm_name_ja,
        .id_domain = s->mail_domain,
        .spool = places->spool,
        .connect_ms = 10000,
        .total_ms = 60000,
        .parallel = 4,
    };
    return tori_courier_main(&config);
}

static int run(struct process *p, const char *role)
{
    struct tori_places places;

    prctl(PR_SET_DUMPABLE, 0);
    if (TORI_FAILED(tori_places_of(&p->cx, &p->settings, &places)))
        return 2;
    if (strcmp(role, "keyholder") == 0)
        return run_keyholder(p, &places);
    if (strcmp(role, "courier") == 0)
        return run_courier(p, &places);
    return tori_net_main(&p->cx, &p->settings, p->owner);
}

/* torimori role NAME --config FILE --owner HEX: started by the supervisor only. */
int tori_cmd_role(int argc, char **argv)
{
    struct process p = {.config = NULL};

    if (argc < 2 || !read_arguments(argc - 1, argv + 1, &p) || p.owner == NULL) {
        fputs("torimori role is for torimori serve\n", stderr);
        return 2;
    }
    int code = begin(&p, argv[1]) ? run(&p, argv[1]) : 2;
    end(&p);
    return code;
}

int tori_cmd_settings(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct tori_arena *arena = tori_arena_new(ARENA);
    if (arena == NULL)
        return 1;
    struct tori_buf buf = tori_buf_new(arena, ARENA);
    tori_settings_describe(&buf);
    fwrite(buf.at, 1, buf.len, stdout);
    tori_arena_free(arena);
    return 0;
}

int tori_cmd_version(int argc, char **argv)
{
    (void)argc, (void)argv;
    puts("torimori " TORI_VERSION);
    return 0;
}
