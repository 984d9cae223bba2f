/* A server for tests: every kind of listener on ports of the kernel's choice, endpoints of its own
 * and the house's, and a pipeline of two threads: one runs prepare, decide and finish, the other
 * answers. Prints the ports as one JSON line; ends when standard input does. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "http/server.h"
#include "test/http/endpoints.h"

/* Longer than any request of a test takes on any machine. */
enum { GRACE_MS = 30000 };

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t some;
    struct tori_command *first, **last;
    bool ended;
};

struct tori_pipeline {
    struct queue work, answers;
    pthread_t worker, answerer;
    atomic_int taken; /* commands that came so far */
};

static void queue_init(struct queue *q)
{
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->some, NULL);
    q->last = &q->first;
}

static void put(struct queue *q, struct tori_command *command)
{
    pthread_mutex_lock(&q->lock);
    command->next = NULL;
    *q->last = command;
    q->last = &command->next;
    pthread_cond_signal(&q->some);
    pthread_mutex_unlock(&q->lock);
}

/* NULL: the queue has ended. */
static struct tori_command *take(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    while (q->first == NULL && !q->ended)
        pthread_cond_wait(&q->some, &q->lock);
    struct tori_command *command = q->first;
    if (command != NULL)
        q->first = command->next;
    if (q->first == NULL)
        q->last = &q->first;
    pthread_mutex_unlock(&q->lock);
    return command;
}

static void end(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->ended = true;
    pthread_cond_broadcast(&q->some);
    pthread_mutex_unlock(&q->lock);
}

static TORI_RESULT run(struct tori_command *c)
{
    if (c->prepare != NULL)
        TORI_TRY(c->prepare(&c->cx, c->in));
    if (c->decide != NULL)
        TORI_TRY(c->decide(&c->cx, c->in, &c->reply));
    if (c->finish != NULL)
        TORI_TRY(c->finish(&c->cx, c->in, &c->reply));
    tori_reply_end(&c->reply);
    return TORI_OK;
}

static void *work(void *arg)
{
    struct tori_pipeline *pipeline = arg;
    struct tori_command *command;

    while ((command = take(&pipeline->work)) != NULL) {
        struct tori_result result = run(command);
        if (TORI_FAILED(result))
            tori_reply_problem(&command->cx, &command->reply, result.err);
        put(&pipeline->answers, command);
    }
    return NULL;
}

static void *answer(void *arg)
{
    struct tori_pipeline *pipeline = arg;
    struct tori_command *command;

    while ((command = take(&pipeline->answers)) != NULL)
        command->done(command);
    return NULL;
}

static void submit(struct tori_pipeline *pipeline, struct tori_command *command)
{
    atomic_fetch_add(&pipeline->taken, 1);
    put(&pipeline->work, command);
}

/* With the product's endpoints: nothing behind the edge runs, everything that gets there is
 * busy. */
static void refuse(struct tori_pipeline *pipeline, struct tori_command *command)
{
    tori_reply_problem(&command->cx, &command->reply, TORI_ERR_BUSY);
    put(&pipeline->answers, command);
}

static bool owns(void *arg, tori_err *err)
{
    *err = TORI_ERR_NOT_OWNER;
    return getenv("TEST_NOT_READY") == NULL && arg == NULL;
}

static const char *option(char **argv, const char *name, const char *otherwise)
{
    for (; *argv != NULL; argv++)
        if (strcmp(*argv, name) == 0 && argv[1] != NULL)
            return argv[1];
    return otherwise;
}

static int64_t number(char **argv, const char *name, int64_t otherwise)
{
    const char *text = option(argv, name, NULL);
    return text == NULL ? otherwise : strtoll(text, NULL, 10);
}

static void set_limits(char **argv, struct tori_server_limits *limits)
{
    limits->head_ms = number(argv, "--head-ms", limits->head_ms);
    limits->body_ms = number(argv, "--body-ms", limits->body_ms);
    limits->idle_ms = number(argv, "--idle-ms", limits->idle_ms);
    limits->write_ms = number(argv, "--write-ms", limits->write_ms);
    limits->linger_ms = number(argv, "--linger-ms", limits->linger_ms);
    limits->connections = (int)number(argv, "--connections", limits->connections);
    limits->per_address = (int)number(argv, "--per-address", limits->per_address);
    limits->rate[TORI_RATE_CODE] = (struct tori_rate_limit){3, 1};
}

static void metrics_hook(void *arg, struct tori_buf *out)
{
    struct tori_pipeline *pipeline = arg;

    tori_buf_z(out, "# TYPE torimori_test_commands counter\ntorimori_test_commands ");
    tori_buf_i64(out, atomic_load(&pipeline->taken));
    tori_buf_z(out, "\n");
}

/* Until standard input ends. */
static TORI_RESULT serve(struct tori_ctx *cx, struct tori_server_config *config,
                         struct tori_pipeline *pipeline)
{
    struct tori_server *server;
    char byte;

    TORI_TRY(tori_server_new(cx, config, pipeline, &server));
    tori_server_add_metrics(server, metrics_hook, pipeline);
    struct tori_result started = tori_server_start(cx, server);
    if (!TORI_FAILED(started)) {
        printf("{");
        for (size_t i = 0; i < config->listener_count; i++)
            printf("%s\"%zu\": %d", i == 0 ? "" : ", ", i, tori_server_port(server, i));
        printf("}\n");
        fflush(stdout);
        while (read(0, &byte, 1) > 0)
            ;
    }
    tori_server_stop(server, GRACE_MS);
    tori_server_free(server);
    return started;
}

/* The threads are joined also when the server did not start: they live on what is here. */
static int run_all(struct tori_ctx *cx, struct tori_server_config *config)
{
    struct tori_pipeline pipeline;

    memset(&pipeline, 0, sizeof(pipeline));
    queue_init(&pipeline.work);
    queue_init(&pipeline.answers);
    pthread_create(&pipeline.worker, NULL, work, &pipeline);
    pthread_create(&pipeline.answerer, NULL, answer, &pipeline);

    struct tori_result served = serve(cx, config, &pipeline);
    if (TORI_FAILED(served))
        tori_log_failure(cx, TORI_ERROR, "test.start");
    end(&pipeline.work);
    end(&pipeline.answers);
    pthread_join(pipeline.worker, NULL);
    pthread_join(pipeline.answerer, NULL);
    return TORI_FAILED(served) ? 1 : 0;
}

int main(int argc, char **argv)
{
    static const char *const customer[] = {"torimori.test", "127.0.0.1", NULL};
    static const char *const channel[] = {"channel.test", NULL};
    static const char *const metrics[] = {"metrics.test", NULL};
    static const char *const operators[] = {"desk.test", NULL};
    static const char *const admin[] = {"admin", NULL};
    const char *peers[] = {option(argv, "--peer", "127.0.0.0/8"), NULL};
    const char *cert = option(argv, "--cert", NULL);
    const char *key = option(argv, "--key", NULL);
    const char *admin_path = option(argv, "--admin", NULL);
    struct tori_listener_config listener[] = {
        {.role = TORI_LISTENER_CUSTOMER,
         .address = option(argv, "--address", "127.0.0.1"),
         .port = (int)number(argv, "--port", 0),
         .inherited_fd = (int)number(argv, "--inherit", 0),
         .hosts = customer},
        {.role = TORI_LISTENER_METRICS, .address = "127.0.0.1", .hosts = metrics},
        {.role = TORI_LISTENER_CUSTOMER,
         .address = "127.0.0.1",
         .hosts = customer,
         .proxy_protocol = true,
         .peers = peers},
        {.role = TORI_LISTENER_CUSTOMER,
         .address = "127.0.0.1",
         .hosts = customer,
         .forwarded_header = "X-Client-Address",
         .peers = peers,
         .https_in_front = true},
        {.role = TORI_LISTENER_CUSTOMER,
         .address = "127.0.0.1",
         .hosts = customer,
         .cert_file = cert,
         .key_file = key},
        {.role = TORI_LISTENER_CHANNEL,
         .address = "127.0.0.1",
         .hosts = channel,
         .cert_file = cert,
         .key_file = key},
        {.role = TORI_LISTENER_OPERATOR, .address = "127.0.0.1", .hosts = operators},
        {.role = TORI_LISTENER_ADMIN, .address = admin_path, .hosts = admin},
    };
    struct tori_server_config config = {
        .listener = listener,
        .listener_count = admin_path != NULL ? 8 : 7,
        .reactors = (int)number(argv, "--reactors", 1),
        .limits = tori_server_limits_default(),
        .endpoints = tori_test_endpoints,
        .endpoint_count = tori_test_endpoint_count,
        .submit = submit,
        .owns = owns,
    };
    struct tori_ctx cx = {.lang = TORI_EN};

    set_limits(argv, &config.limits);
    if (option(argv, "--product", NULL) != NULL) {
        config.endpoints = tori_endpoints;
        config.endpoint_count = tori_endpoint_count;
        config.submit = refuse;
        memset(config.limits.rate, 0, sizeof(config.limits.rate)); /* the test asks often */
    }
    (void)argc;
    tori_hash_init();
    signal(SIGTERM, SIG_DFL);
    cx.arena = tori_arena_new(1024 * 1024);
    cx.log = tori_log_new("test", getenv("TEST_LOG") != NULL ? TORI_DEBUG : TORI_ERROR, 2);
    config.log = cx.log;
    int code = cx.arena == NULL || cx.log == NULL ? 1 : run_all(&cx, &config);
    tori_log_free(cx.log);
    tori_arena_free(cx.arena);
    return code;
}
