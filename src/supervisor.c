#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/file.h"

enum {
    ROLES = 3,
    BACK_OFF_LEAST_MS = 100,
    BACK_OFF_MOST_MS = 10000,
    CALM_AFTER_MS = 60000,
    END_WAIT_MS = 8000,
    FOLDER_WAIT_MS = 10000,
    LOCK_FD_LEAST = 10 /* out of the way of descriptor 3 */
};

enum which { KEYHOLDER, COURIER, NET };

/* In the order of their start; they end in the reverse. */
struct role {
    const char *name;
    const char *user; /* empty: the supervisor's own */
    int socket_fd;    /* handed over as descriptor 3; -1: none */
    pid_t pid;
    unsigned starts;
    int64_t started_ms;
    int64_t back_off_ms;
    int64_t due_ms; /* not before this is it started again */
};

struct supervisor {
    struct tori_ctx *cx;
    const char *config_path;
    struct tori_places places;
    sigset_t signals;
    pid_t pid;
    int lock_fd; /* of the data directory; the roles inherit it */
    char owner[33];
    struct role role[ROLES];
    bool unfit; /* a role cannot run as it is set up */
};

static bool place(char *to, size_t room, const char *own, const char *base, const char *name)
{
    int n =
        own[0] != '\0' ? snprintf(to, room, "%s", own) : snprintf(to, room, "%s/%s", base, name);
    return n > 0 && (size_t)n < room;
}

struct tori_result tori_places_of(struct tori_ctx *cx, const struct tori_settings *s,
                                  struct tori_places *out)
{
    const char *base = s->data_directory;

    if (!place(out->keyholder_socket, sizeof(out->keyholder_socket), "", base, "keyholder.sock") ||
        !place(out->courier_socket, sizeof(out->courier_socket), "", base, "courier.sock") ||
        !place(out->admin_socket, sizeof(out->admin_socket), "", base, "admin.sock") ||
        !place(out->lock, sizeof(out->lock), "", base, "lock") ||
        !place(out->evidence, sizeof(out->evidence), s->evidence_directory, base, "log") ||
        !place(out->keys, sizeof(out->keys), s->keyholder_directory, base, "keys") ||
        !place(out->spool, sizeof(out->spool), s->post_spool, base, "post"))
        return TORI_FAIL(cx, SETTING_BAD, tori_word("setting", "data.directory"));
    return TORI_OK;
}

/* A socket that waits for its role before the role exists: nobody is refused during a restart. Only
 * net connects to it, so it is net's alone. */
static TORI_RESULT listen_at(struct tori_ctx *cx, const char *path, int *out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, path, strlen(path) + 1);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, 16) != 0) {
        struct tori_result result =
            TORI_FAIL(cx, SETTING_BAD, tori_word("socket", path), tori_i64("errno", errno));
        if (fd >= 0)
            close(fd);
        return result;
    }
    *out = fd;
    return TORI_OK;
}

/* Never back: groups, group, user, in this order. */
static bool become(const char *user)
{
    if (user[0] == '\0' || geteuid() != 0)
        return true;
    const struct passwd *pw = getpwnam(user);
    return pw != NULL && initgroups(user, pw->pw_gid) == 0 && setgid(pw->pw_gid) == 0 &&
           setuid(pw->pw_uid) == 0;
}

/* A clean environment; test builds hand the failpoint down. */
static void exec_role(const char *const *argv)
{
    char failpoint[200] = "TORI_FAILPOINT=";
    char *environment[] = {(char[]){"PATH=/usr/bin:/bin"}, (char[]){"LC_ALL=C.UTF-8"}, NULL, NULL};
#ifdef TORI_TEST_BUILD
    const char *value = getenv("TORI_FAILPOINT");
    if (value != NULL && strlen(value) < 100) {
        strncat(failpoint, value, 100);
        environment[2] = failpoint;
    }
#else
    (void)failpoint;
#endif
    char *words[8] = {NULL}; /* execve promises to leave them alone, and its type does not say so */
    for (size_t i = 0; argv[i] != NULL; i++)
        memcpy(&words[i], &argv[i], sizeof(words[i]));
    execve("/proc/self/exe", words, environment);
}

static void run_role(const struct supervisor *s, const struct role *role)
{
    const char *argv[] = {"torimori",     "role",    role->name, "--config",
                          s->config_path, "--owner", s->owner,   NULL};
    sigset_t none;

    signal(SIGHUP, SIG_IGN); /* a word for net alone, which listens when it is ready to */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* dup2 onto itself would leave close-on-exec as it is. */
    if (role->socket_fd >= 0 && (dup2(role->socket_fd, 3) != 3 || fcntl(3, F_SETFD, 0) != 0))
        _exit(71);
    if (fcntl(s->lock_fd, F_SETFD, 0) != 0)
        _exit(71);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (!become(role->user))
        _exit(TORI_EXIT_UNFIT);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (getppid() != s->pid) /* it died before it could be noticed */
        _exit(71);
    exec_role(argv);
    _exit(71);
}

static void start(struct supervisor *s, struct role *role)
{
    role->pid = fork();
    if (role->pid == 0)
        run_role(s, role);
    if (role->pid < 0)
        role->pid = 0;
    role->starts++;
    role->started_ms = tori_clock_steady_ms();
    tori_log(s->cx, TORI_INFO, "role.started", tori_word("name", role->name),
             tori_i64("pid", role->pid));
}

/* Once a role has run, whatever ends it is tried again: logins may need nothing of it. */
static void judge_end(struct supervisor *s, const struct role *role, int status)
{
    if (role->starts != 1 || !WIFEXITED(status) || WEXITSTATUS(status) != TORI_EXIT_UNFIT)
        return;
    tori_log(s->cx, TORI_ERROR, "role.unfit", tori_word("name", role->name));
    fprintf(stderr, "torimori: %s cannot run as it is set up; its line above says why\n",
            role->name);
    s->unfit = true;
}

static void note_end(struct supervisor *s, struct role *role, int status)
{
    int64_t now = tori_clock_steady_ms();

    tori_log(s->cx, TORI_WARN, "role.ended", tori_word("name", role->name),
             tori_i64("pid", role->pid),
             tori_i64("exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
             tori_i64("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
    if (now - role->started_ms > CALM_AFTER_MS)
        role->back_off_ms = 0;
    role->back_off_ms = role->back_off_ms == 0 ? BACK_OFF_LEAST_MS : role->back_off_ms * 2;
    if (role->back_off_ms > BACK_OFF_MOST_MS)
        role->back_off_ms = BACK_OFF_MOST_MS;
    role->due_ms = now + role->back_off_ms;
    role->pid = 0;
    judge_end(s, role, status);
}

static void reap(struct supervisor *s)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < ROLES; i++)
            if (s->role[i].pid == pid)
                note_end(s, &s->role[i], status);
}

static void start_due(struct supervisor *s)
{
    for (size_t i = 0; i < ROLES; i++)
        if (s->role[i].pid == 0 && tori_clock_steady_ms() >= s->role[i].due_ms)
            start(s, &s->role[i]);
}

static void end_role(struct supervisor *s, struct role *role)
{
    int64_t until = tori_clock_steady_ms() + END_WAIT_MS;

    if (role->pid == 0)
        return;
    kill(role->pid, SIGTERM);
    while (role->pid != 0 && tori_clock_steady_ms() < until) {
        reap(s);
        usleep(10 * 1000);
    }
    if (role->pid == 0)
        return;
    kill(role->pid, SIGKILL);
    while (role->pid != 0) {
        reap(s);
        usleep(10 * 1000);
    }
}

/* Signals come by waiting for them, so nothing runs in a handler. 0: none came for a while. */
static int next_signal(const struct supervisor *s)
{
    const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
    int got = sigtimedwait(&s->signals, NULL, &pause);

    return got > 0 ? got : 0;
}

static bool is_end(int signal_number)
{
    return signal_number == SIGTERM || signal_number == SIGINT;
}

/* Until it is told to end, or there is no point in going on. */
static void watch(struct supervisor *s)
{
    for (;;) {
        int got = next_signal(s);
        reap(s);
        if (is_end(got) || s->unfit)
            return;
        if (got == SIGHUP && s->role[NET].pid != 0)
            kill(s->role[NET].pid, SIGHUP);
        start_due(s);
    }
}

/* A folder that is there stays as it is; a new one belongs to whoever works in it. */
static TORI_RESULT make_folder(struct tori_ctx *cx, const char *path, const char *user, mode_t mode)
{
    const struct passwd *pw = user[0] == '\0' || geteuid() != 0 ? NULL : getpwnam(user);
    char inside[TORI_PATH_MAX];
    struct stat st;
    bool fresh = lstat(path, &st) != 0;

    snprintf(inside, sizeof(inside), "%s/.", path);
    TORI_TRY(tori_file_folders(cx, inside, 0700));
    if (fresh && pw != NULL &&
        (lchown(path, pw->pw_uid, pw->pw_gid) != 0 || (mode != 0700 && chmod(path, mode) != 0)))
        return TORI_FAIL(cx, FILE_FAILED, tori_word("folder", path), tori_i64("errno", errno));
    return TORI_OK;
}

static TORI_RESULT make_folders(struct supervisor *s, const struct tori_settings *settings)
{
    /* The other users pass through the first on the way to theirs. */
    TORI_TRY(make_folder(s->cx, settings->data_directory, settings->user_net, 0711));
    TORI_TRY(make_folder(s->cx, s->places.evidence, settings->user_net, 0700));
    TORI_TRY(make_folder(s->cx, s->places.keys, settings->user_keyholder, 0700));
    return make_folder(s->cx, s->places.spool, settings->user_courier, 0700);
}

/* One supervisor in a folder: a second one would take the sockets away from the roles of the first.
 * The lock is theirs too, so whoever comes after a kill waits until the last of them has gone. */
static TORI_RESULT lock_folder(struct supervisor *s)
{
    int64_t until = tori_clock_steady_ms() + FOLDER_WAIT_MS;
    int fd = open(s->places.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    s->lock_fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, LOCK_FD_LEAST);
    if (fd >= 0)
        close(fd);
    if (s->lock_fd < 0)
        return TORI_FAIL(s->cx, SETTING_BAD, tori_word("file", s->places.lock),
                         tori_i64("errno", errno));
    for (bool told = false; flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0; told = true) {
        if (!told)
            tori_log(s->cx, TORI_WARN, "supervisor.folder_in_use",
                     tori_word("file", s->places.lock));
        if (is_end(next_signal(s)) || tori_clock_steady_ms() >= until)
            return TORI_FAIL(s->cx, SETTING_BAD, tori_word("in_use", s->places.lock));
    }
    return TORI_OK;
}

static TORI_RESULT check_user(struct tori_ctx *cx, const char *setting, const char *user)
{
    if (user[0] != '\0' && geteuid() == 0 && getpwnam(user) == NULL)
        return TORI_FAIL(cx, SETTING_BAD, tori_word("setting", setting), tori_word("user", user));
    return TORI_OK;
}

/* In a folder that belongs to net, root leaves nothing behind and follows nobody's links. */
static TORI_RESULT make_sockets(struct supervisor *s, const char *user)
{
    const struct passwd *pw = user[0] == '\0' || geteuid() != 0 ? NULL : getpwnam(user);

    if (pw != NULL && seteuid(pw->pw_uid) != 0)
        return TORI_FAIL(s->cx, SETTING_BAD, tori_word("user", user), tori_i64("errno", errno));
    struct tori_result result = lock_folder(s);
    if (!TORI_FAILED(result))
        result = listen_at(s->cx, s->places.keyholder_socket, &s->role[KEYHOLDER].socket_fd);
    if (!TORI_FAILED(result))
        result = listen_at(s->cx, s->places.courier_socket, &s->role[COURIER].socket_fd);
    if (pw != NULL && seteuid(0) != 0)
        abort();
    return result;
}

static TORI_RESULT prepare(struct supervisor *s, const struct tori_settings *settings)
{
    uint8_t owner[16];

    TORI_TRY(tori_places_of(s->cx, settings, &s->places));
    TORI_TRY(check_user(s->cx, "users.net", settings->user_net));
    TORI_TRY(check_user(s->cx, "users.keyholder", settings->user_keyholder));
    TORI_TRY(check_user(s->cx, "users.courier", settings->user_courier));
    s->role[KEYHOLDER] = (struct role){.name = "keyholder", .user = settings->user_keyholder};
    s->role[COURIER] = (struct role){.name = "courier", .user = settings->user_courier};
    s->role[NET] = (struct role){.name = "net", .user = settings->user_net, .socket_fd = -1};
    TORI_TRY(make_folders(s, settings));
    TORI_TRY(make_sockets(s, settings->user_net));
    tori_random_fill(&s->cx->random, owner, sizeof(owner));
    for (size_t i = 0; i < sizeof(owner); i++)
        snprintf(s->owner + 2 * i, 3, "%02x", owner[i]);
    return TORI_OK;
}

static void take_signals(struct supervisor *s)
{
    const int number[] = {SIGTERM, SIGINT, SIGCHLD, SIGHUP};

    sigemptyset(&s->signals);
    for (size_t i = 0; i < sizeof(number) / sizeof(number[0]); i++)
        sigaddset(&s->signals, number[i]);
    sigprocmask(SIG_BLOCK, &s->signals, NULL);
}

int tori_supervise(struct tori_ctx *cx, const struct tori_settings *settings,
                   const char *config_path)
{
    struct supervisor s = {.cx = cx, .config_path = config_path, .pid = getpid()};

    umask(0077);
    take_signals(&s);
    if (TORI_FAILED(prepare(&s, settings))) {
        tori_log_failure(cx, TORI_ERROR, "supervisor.not_started");
        return TORI_EXIT_UNFIT;
    }
    start_due(&s);
    watch(&s);
    tori_log(cx, TORI_INFO, "supervisor.ending");
    for (size_t i = ROLES; i > 0; i--)
        end_role(&s, &s.role[i - 1]);
    return s.unfit ? TORI_EXIT_UNFIT : 0;
}
