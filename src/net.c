#include "net.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/hash.h"
#include "base/tally.h"
#include "http/page/layout.h"
#include "http/server.h"
#include "service/admin.h"
#include "service/app.h"
#include "service/due.h"
#include "service/facts.h"
#include "service/journal_leaves.h"
#include "service/pipeline.h"
#include "service/seal_log.h"
#include "supervisor.h"
#include "ways.h"

enum {
    REQUEST_MS = 10000,
    STOP_GRACE_MS = 5000,
    LOADER_ARENA = 64 * 1024 * 1024,
    QUEUE_CAP = 4096,
    FACTS_PER_CUSTOMER = 4,
};

struct net {
    struct tori_ctx *cx;
    const struct tori_settings *settings;
    struct tori_places places;
    struct tori_app app;
    struct tori_str customer_origin[TORI_WORDS_MAX];
    struct tori_str operator_origin[TORI_WORDS_MAX];
    struct tori_words customer_origins;
    struct tori_words operator_origins;
    int64_t alg[TORI_WORDS_MAX];
    size_t alg_count;
    struct tori_ways ways;
    struct tori_store *store;
    struct tori_pipeline *pipeline;
    struct tori_journal_leaves leaves;
    struct tori_seal_log *seal;
    struct tori_due *due;
    struct tori_server *server;
    atomic_int evidence;   /* tori_err: what the decider was told last */
    atomic_bool has_firm;  /* customer 0 exists: names and codes can be sealed */
    atomic_bool was_ready; /* once */
};

static TORI_RESULT set_realm(struct net *net, struct tori_words *words, struct tori_str *origin,
                             const char *const setting[static 3], struct tori_realm *realm)
{
    TORI_TRY(tori_words_split(net->cx, setting[0], setting[1], words));
    if (words->count == 0)
        return TORI_FAIL(net->cx, SETTING_BAD, tori_word("setting", setting[0]));
    for (size_t i = 0; i < words->count; i++)
        origin[i] = tori_str_z(words->word[i]);
    *realm = (struct tori_realm){
        .rp =
            {
                .id = tori_str_z(setting[2]),
                .name = tori_str_z(net->settings->firm_name_ja),
                .origin = origin,
                .origin_count = words->count,
                .alg = net->alg,
                .alg_count = net->alg_count,
            },
        .origin = origin[0],
    };
    return TORI_OK;
}

/* What can not be verified here, such as ML-DSA with an OpenSSL that lacks it, stops the start. */
static TORI_RESULT set_algorithms(struct net *net)
{
    const char *name = "passkey.algorithms";
    struct tori_words words = {.count = 0};

    TORI_TRY(tori_words_split(net->cx, name, net->settings->passkey_algorithms, &words));
    for (size_t i = 0; i < words.count; i++) {
        if (!tori_cose_find(tori_str_z(words.word[i]), &net->alg[i]))
            return TORI_FAIL(net->cx, SETTING_BAD, tori_word("setting", name));
    }
    if (words.count == 0)
        return TORI_FAIL(net->cx, SETTING_BAD, tori_word("setting", name));
    net->alg_count = words.count;
    return TORI_OK;
}

static TORI_RESULT set_app(struct net *net)
{
    const struct tori_settings *s = net->settings;
    const char *const customers[] = {"customer.origin", s->customer_origin, s->customer_rp_id};
    const char *const operators[] = {"operator.origin", s->operator_origin, s->operator_rp_id};

    TORI_TRY(set_algorithms(net));
    TORI_TRY(set_realm(net, &net->customer_origins, net->customer_origin, customers,
                       &net->app.customers));
    TORI_TRY(set_realm(net, &net->operator_origins, net->operator_origin, operators,
                       &net->app.operators));
    net->app.firm_name[TORI_JA] = tori_str_z(s->firm_name_ja);
    net->app.firm_name[TORI_EN] = tori_str_z(s->firm_name_en);
    net->app.firm_phone = tori_str_z(s->firm_phone);
    net->app.log_origin = tori_str_z(s->evidence_origin);
    net->app.log_directory = net->places.evidence;
    net->app.challenge_ttl_ms = s->challenge_ttl_ms;
    net->app.interaction_ttl_ms = s->interaction_ttl_ms;
    net->app.code_ttl_ms = s->code_ttl_ms;
    net->app.session_absolute_ms = s->session_absolute_ms;
    net->app.session_grace_ms = s->session_grace_ms;
    net->app.allowed_valid_ms = s->allowed_valid_ms;
    net->app.operation_ttl_ms = s->operation_ttl_ms;
    net->app.enrol_window_ms = s->enrol_window_ms;
    net->app.operator_window_ms = s->operator_window_ms;
    net->app.approval_ttl_ms = s->approval_ttl_ms;
    net->app.demo = s->demo;
    net->app.facts =
        tori_facts_new((size_t)s->aggregates, (size_t)s->aggregates * FACTS_PER_CUSTOMER);
    if (net->app.facts == NULL)
        return TORI_FAIL(net->cx, NO_MEMORY);
    return tori_keys_connect(net->cx, tori_str_z(net->places.keyholder_socket), &net->app.keys);
}

static TORI_RESULT open_store(struct net *net)
{
    struct tori_store_config config = {.url = tori_str_z(net->settings->store_url),
                                       .lease_ms = net->settings->store_lease_ms};

    TORI_TRY(tori_store_open(net->cx, &config, false, &net->store));
    struct tori_result r = tori_store_migrate(net->cx, net->store);
    if (r.err == TORI_ERR_STORE_REFUSED) /* somebody else may just have done it */
        r = tori_store_migrate(net->cx, net->store);
    if (r.err == TORI_ERR_STORE_REFUSED)
        return TORI_FAIL(net->cx, STORE_DATA,
                         tori_word("schema", "not ours to change: torimori store migrate"));
    return r;
}

static TORI_RESULT start_pipeline(struct net *net, const char *owner)
{
    struct tori_pipeline_config config = {
        .app = &net->app,
        .log = net->cx->log,
        .store = net->store,
        .keys = net->app.keys,
        .owner = tori_str_z(owner),
        .lease_ms = net->settings->store_lease_ms,
        .workers = (int)net->settings->workers,
        .queue_cap = QUEUE_CAP,
        .aggregates_max = (size_t)net->settings->aggregates,
        .arena_cap = LOADER_ARENA,
        .lobby_max = (size_t)net->settings->lobby,
    };
    TORI_TRY(tori_pipeline_new(net->cx, &config, &net->pipeline));
    tori_pipeline_set_evidence(net->pipeline, TORI_ERR_KEYHOLDER_AWAY); /* until it answers */
    return TORI_OK;
}

static void tell_evidence(void *owner, tori_err why_not)
{
    struct net *net = owner;

    tori_pipeline_set_evidence(net->pipeline, why_not);
    atomic_store(&net->evidence, (int)why_not);
}

static void durable(void *owner, int64_t last_seq)
{
    struct net *net = owner;

    (void)last_seq;
    tori_due_poke(net->due);
}

static uint64_t epoch_of(void *owner)
{
    const struct net *net = owner;
    return tori_pipeline_epoch(net->pipeline);
}

static TORI_RESULT start_evidence(struct net *net)
{
    TORI_TRY(tori_reader_open(net->cx, net->store, &net->leaves.reader));
    struct tori_seal_config config = {
        .dir = net->places.evidence,
        .keys = net->app.keys,
        .read = tori_journal_leaves_read,
        .owner = &net->leaves,
        .epoch = epoch_of,
        .max_unsealed_ms = net->settings->evidence_max_unsealed_ms,
        .tell = tell_evidence,
        .host = net,
        .log = net->cx->log,
    };
    TORI_TRY(tori_seal_log_new(net->cx, &config, &net->seal));
    return tori_seal_log_start(net->cx, net->seal);
}

static TORI_RESULT start_due(struct net *net)
{
    struct tori_due_config config = {
        .app = &net->app,
        .log = net->cx->log,
        .store = net->store,
        .pipeline = net->pipeline,
        .courier_socket = net->places.courier_socket,
        .at_once = 32,
        .answer_ms = 90000,
    };
    TORI_TRY(tori_due_new(net->cx, &config, &net->due));
    tori_pipeline_on_durable(net->pipeline, durable, net);
    return TORI_OK;
}

struct first_command {
    struct tori_command command;
    struct tori_firm_new in;
    pthread_mutex_t mutex;
    pthread_cond_t back;
    bool done;
};

static void first_done(struct tori_command *command)
{
    struct first_command *first = command->owner;

    pthread_mutex_lock(&first->mutex);
    first->done = true;
    pthread_cond_signal(&first->back);
    pthread_mutex_unlock(&first->mutex);
}

static void submit_and_wait(struct net *net, struct first_command *first)
{
    first->done = false;
    tori_pipeline_submit(net->pipeline, &first->command);
    pthread_mutex_lock(&first->mutex);
    while (!first->done)
        pthread_cond_wait(&first->back, &first->mutex);
    pthread_mutex_unlock(&first->mutex);
}

/* Asks until it is answered: the keyholder may still be starting, the lease another's. */
static void *make_firm(void *owner)
{
    struct net *net = owner;
    struct first_command first = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                                  .back = PTHREAD_COND_INITIALIZER};

    do {
        memset(&first.command, 0, sizeof(first.command));
        first.command.cx.arena = tori_arena_new(1024 * 1024);
        if (first.command.cx.arena == NULL)
            return NULL;
        first.command.cx.now = tori_clock_wall();
        tori_random_seed(&first.command.cx.random);
        first.command.prepare = tori_firm_new_prepare;
        first.command.decide = tori_firm_new_decide;
        first.command.in = &first.in;
        first.command.deadline_ms = tori_clock_steady_ms() + REQUEST_MS;
        first.command.done = first_done;
        first.command.owner = &first;
        submit_and_wait(net, &first);
        tori_arena_free(first.command.cx.arena);
        atomic_store(&net->has_firm, first.command.reply.err == TORI_ERR_NONE);
        if (first.command.reply.err != TORI_ERR_NONE)
            usleep(100 * 1000);
    } while (first.command.reply.err != TORI_ERR_NONE && !tori_pipeline_closing(net->pipeline));
    tori_wipe(&first.in, sizeof(first.in));
    return NULL;
}

static bool owns(void *arg, tori_err *err)
{
    const struct net *net = arg;

    *err = TORI_ERR_NOT_OWNER;
    return tori_pipeline_ready(net->pipeline);
}

/* Not ready before everything has worked once; what is away later stops what is important, and
 * nobody is to be sent elsewhere for it. */
static void health(void *arg, struct tori_health *out)
{
    struct net *net = arg;

    out->important = (tori_err)atomic_load(&net->evidence);
    if (out->important == TORI_ERR_NONE && !atomic_load(&net->has_firm))
        out->important = TORI_ERR_KEYHOLDER_AWAY;
    if (out->important == TORI_ERR_NONE)
        atomic_store(&net->was_ready, true);
    out->ready = atomic_load(&net->was_ready) ? TORI_ERR_NONE : out->important;
}

static struct tori_result error_page(struct tori_ctx *cx, struct tori_reply *reply)
{
    struct tori_view_frame frame = {
        .firm = cx->app->firm_name[cx->lang],
        .phone = cx->app->firm_phone,
        .operators = cx->caller->listener == TORI_LISTENER_OPERATOR,
        .demo = cx->app->demo,
    };
    return tori_page_error(cx, &frame, reply);
}

static void metrics(void *arg, struct tori_buf *out)
{
    const struct net *net = arg;
    struct tori_pipeline_figures f = tori_pipeline_figures(net->pipeline);
    const struct {
        const char *name;
        uint64_t value;
    } row[] = {
        {"torimori_commands_total", f.commands},
        {"torimori_commit_groups_total", f.groups},
        {"torimori_commit_groups_refused_total", f.refused_groups},
        {"torimori_commit_groups_unknown_total", f.away_groups},
        {"torimori_aggregate_loads_total", f.loads},
        {"torimori_aggregate_evictions_total", f.evictions},
        {"torimori_aggregates", f.aggregates},
        {"torimori_commands_in_flight", f.queued},
        {"torimori_journal_next_seq", (uint64_t)f.next_seq},
        {"torimori_evidence_sealed_rows", tori_seal_log_facts(net->seal).sealed},
        {"torimori_evidence_lag_milliseconds", (uint64_t)tori_seal_log_lag_ms(net->seal)},
    };
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        tori_buf_z(out, row[i].name);
        tori_buf_byte(out, ' ');
        tori_buf_i64(out, (int64_t)row[i].value);
        tori_buf_byte(out, '\n');
    }
}

#ifdef TORI_TEST_BUILD
static void tallies(void *arg, struct tori_buf *out)
{
    static const char *const name[TORI_TALLIES] = {"hash", "signature", "query", "row"};

    (void)arg;
    for (int i = 0; i < TORI_TALLIES; i++)
        tori_buf_printf(out, "torimori_test_work_total{kind=\"%s\"} %llu\n", name[i],
                        (unsigned long long)tori_tally_of((enum tori_tally)i));
}
#endif

static struct tori_server_limits limits_of(const struct tori_settings *s)
{
    struct tori_server_limits limits = tori_server_limits_default();

    limits.head_ms = s->head_ms;
    limits.body_ms = s->body_ms;
    limits.per_address = (int)s->per_address;
    limits.connections = (int)s->connections;
    if (!s->rate_limits)
        memset(limits.rate, 0, sizeof(limits.rate));
    return limits;
}

static TORI_RESULT start_server(struct net *net)
{
    struct tori_server_config config = {
        .listener = net->ways.listener,
        .listener_count = TORI_WAYS,
        .reactors = (int)net->settings->reactors,
        .limits = limits_of(net->settings),
        .endpoints = tori_endpoints,
        .endpoint_count = tori_endpoint_count,
        .app = &net->app,
        .log = net->cx->log,
        .arg = net,
        .submit = tori_pipeline_submit,
        .owns = owns,
        .health = health,
        .error_page = error_page,
    };
    TORI_TRY(tori_server_new(net->cx, &config, net->pipeline, &net->server));
    tori_server_add_metrics(net->server, metrics, net);
#ifdef TORI_TEST_BUILD
    tori_server_add_metrics(net->server, tallies, NULL);
#endif
    return tori_server_start(net->cx, net->server);
}

static TORI_RESULT start(struct net *net, const char *owner)
{
    TORI_TRY(tori_places_of(net->cx, net->settings, &net->places));
    TORI_TRY(tori_ways_read(net->cx, net->settings, &net->places, &net->ways));
    TORI_TRY(set_app(net));
    TORI_TRY(open_store(net));
    TORI_TRY(start_pipeline(net, owner));
    TORI_TRY(start_evidence(net));
    TORI_TRY(start_due(net));
    return start_server(net);
}

static void stop(struct net *net)
{
    if (net->server != NULL)
        tori_server_stop(net->server, STOP_GRACE_MS);
    tori_server_free(net->server);
    tori_due_free(net->due);
    tori_seal_log_free(net->seal);
    tori_pipeline_free(net->pipeline);
    tori_reader_close(net->leaves.reader);
    tori_store_close(net->store);
    tori_keys_free(net->app.keys);
    tori_facts_free(net->app.facts);
}

/* What the settings or the store's own tables forbid, no second attempt will allow. */
static int not_started(struct tori_ctx *cx)
{
    bool unfit = cx->failure.err == TORI_ERR_SETTING_BAD || cx->failure.err == TORI_ERR_STORE_DATA;

    tori_log_failure(cx, TORI_ERROR, "net.not_started");
    return unfit ? TORI_EXIT_UNFIT : 1;
}

/* Until SIGTERM or SIGINT; SIGHUP is a request to read the certificates again. */
static void wait_for_end(struct net *net, const sigset_t *signals)
{
    int got = 0;

    while (sigwait(signals, &got) == 0 && got == SIGHUP) {
        tori_log(net->cx, TORI_INFO, "net.reloading");
        tori_server_reload(net->cx, net->server);
    }
    tori_log(net->cx, TORI_INFO, "net.ending", tori_i64("signal", got));
}

static void serve(struct net *net, const sigset_t *signals)
{
    pthread_t firm;

    tori_log(net->cx, TORI_INFO, "net.started");
    bool has_thread = pthread_create(&firm, NULL, make_firm, net) == 0;
    wait_for_end(net, signals);
    tori_pipeline_close(net->pipeline);
    if (has_thread)
        pthread_join(firm, NULL);
}

int tori_net_main(struct tori_ctx *cx, const struct tori_settings *settings, const char *owner)
{
    struct net *net = tori_heap_take(sizeof(*net));
    sigset_t signals;
    int code = 0;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGHUP, SIG_DFL); /* blocked it waits; the supervisor had it ignored until here */
    signal(SIGPIPE, SIG_IGN);
    if (net == NULL)
        return 1;
    net->cx = cx;
    net->settings = settings;
    atomic_init(&net->evidence, TORI_ERR_KEYHOLDER_AWAY);
    if (TORI_FAILED(start(net, owner)))
        code = not_started(cx);
    else
        serve(net, &signals);
    stop(net);
    tori_heap_free(net);
    return code;
}
