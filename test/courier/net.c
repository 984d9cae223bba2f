/* Net as far as notices need it: a store, the pipeline, due work. Tests drive it by lines on
 * standard input and answer lines on standard output: tell TEMPLATE N ADDRESS   tells customer N,
 * who is made when he is new   → told | error NAME shift MS                  moves the wall clock
 * → shifted and it ends with the input. Run as: net STORE COURIER_SOCKET AT_ONCE ANSWER_MS */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/aead.h"
#include "base/hash.h"
#include "service/due.h"
#include "service/notice.h"

enum { ARENA = 1024 * 1024, PARAMS = 20 };

struct order {
    char template[64];
    char address[256];
    long long n;
};

struct net {
    struct tori_app app;
    struct tori_ctx cx;
    struct tori_store *store;
    struct tori_pipeline *pipeline;
    struct tori_due *due;
    pthread_mutex_t mutex;
    pthread_cond_t answered;
    bool answer;
    tori_err err;
};

static struct tori_id id_of(long long n, uint8_t what)
{
    struct tori_id id = {{0, 1}};
    id.at[15] = what;
    id.at[16] = (uint8_t)(n >> 8);
    id.at[17] = (uint8_t)n;
    return id;
}

static TORI_RESULT prepare(struct tori_ctx *cx, void *in)
{
    const struct order *order = in;
    cx->route = id_of(order->n, 1);
    return TORI_OK;
}

static TORI_RESULT make_people(struct tori_ctx *cx, struct tori_aggregate *agg,
                               const struct order *order)
{
    struct tori_customer customer = {.customer_id = agg->customer_id,
                                     .ref = TORI_STR("C-1"),
                                     .kind = TORI_PERSON,
                                     .state = TORI_ACTIVE};
    struct tori_user user = {.customer_id = agg->customer_id,
                             .id = id_of(order->n, 2),
                             .lang = order->n & 1 ? TORI_EN : TORI_JA,
                             .state = TORI_ACTIVE};
    struct tori_contact contact = {.customer_id = agg->customer_id,
                                   .id = id_of(order->n, 3),
                                   .user_id = user.id,
                                   .kind = TORI_CONTACT_MAIL,
                                   .state = TORI_CONTACT_ACTIVE};
    struct tori_column_place place = tori_place_in(agg, &contact.id, "contact.sealed_address");

    TORI_TRY(tori_column_seal(cx, &place, tori_str_bytes(tori_str_z(order->address)),
                              &contact.sealed_address));
    TORI_TRY(tori_customer_put(cx, agg, &customer));
    TORI_TRY(tori_user_put(cx, agg, &user));
    return tori_contact_put(cx, agg, &contact);
}

static void fill(struct tori_ctx *cx, const struct tori_template *template,
                 struct tori_notify_param *param)
{
    size_t n = 0;

    for (const struct tori_template_param *p = template->param; p->name != NULL; p++)
        param[n++] = (struct tori_notify_param){
            .name = p->name,
            .kind = p->kind,
            .text = p->words != NULL               ? tori_str_z(p->words[0].word)
                    : p->kind == TORI_NOTIFY_MONEY ? TORI_STR("JPY")
                                                   : TORI_STR("K7QF-M2XD"),
            .number = p->kind == TORI_NOTIFY_TIME ? cx->now : 500000};
    param[n].name = NULL;
}

static TORI_RESULT decide(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct order *order = in;
    struct tori_aggregate *agg = cx->state->customer;
    const struct tori_template *template = tori_template_find(tori_str_z(order->template));
    struct tori_notify_param param[PARAMS];
    struct tori_record record;

    (void)out;
    if (template == NULL)
        return TORI_FAIL(cx, NOT_FOUND);
    if (tori_customer_count(agg) == 0)
        TORI_TRY(make_people(cx, agg, order));
    fill(cx, template, param);
    struct tori_id user = id_of(order->n, 2);
    struct tori_tell tell = {
        .agg = agg, .user = tori_user_find(agg, &user), .template = template->name, .param = param};
    TORI_TRY(tori_notice_tell(cx, &tell));
    tori_journal_begin(cx, "test.told", &record);
    return tori_journal_end(cx, &record, NULL);
}

static void done(struct tori_command *command)
{
    struct net *net = command->owner;

    pthread_mutex_lock(&net->mutex);
    net->answer = true;
    net->err = command->reply.err;
    pthread_cond_signal(&net->answered);
    pthread_mutex_unlock(&net->mutex);
}

static void tell(struct net *net, struct order *order)
{
    struct tori_arena *arena = tori_arena_new(ARENA);
    struct tori_command command = {
        .cx = {.arena = arena, .now = tori_clock_wall()},
        .prepare = prepare,
        .decide = decide,
        .in = order,
        .deadline_ms = tori_clock_steady_ms() + 10000,
        .done = done,
        .owner = net,
    };

    tori_random_seed(&command.cx.random);
    pthread_mutex_lock(&net->mutex);
    net->answer = false;
    tori_pipeline_submit(net->pipeline, &command);
    while (!net->answer)
        pthread_cond_wait(&net->answered, &net->mutex);
    pthread_mutex_unlock(&net->mutex);
    if (net->err == TORI_ERR_NONE)
        puts("told");
    else
        printf("error %s\n", tori_err_name(net->err));
    tori_arena_free(arena);
}

static void serve(struct net *net)
{
    char line[512];
    struct order order;
    long long shift;

    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (sscanf(line, "tell %63s %lld %255s", order.template, &order.n, order.address) == 3) {
            tell(net, &order);
        } else if (sscanf(line, "shift %lld", &shift) == 1) {
            tori_clock_shift(shift);
            puts("shifted");
        }
        fflush(stdout);
    }
}

static void on_durable(void *owner, int64_t last_seq)
{
    const struct net *net = owner;

    (void)last_seq;
    if (net->due != NULL)
        tori_due_poke(net->due);
}

static TORI_RESULT start(struct net *net, char **argv)
{
    struct tori_store_config store = {.url = tori_str_z(argv[1])};

    TORI_TRY(tori_store_open(&net->cx, &store, false, &net->store));
    TORI_TRY(tori_store_migrate(&net->cx, net->store));
    struct tori_pipeline_config pipeline = {
        .app = &net->app,
        .log = net->cx.log,
        .store = net->store,
        .owner = TORI_STR("net"),
        .lease_ms = 10000,
        .workers = 2,
        .queue_cap = 1024,
        .aggregates_max = 1000,
        .arena_cap = ARENA,
        .lobby_max = 16,
    };
    TORI_TRY(tori_pipeline_new(&net->cx, &pipeline, &net->pipeline));
    struct tori_due_config due = {
        .app = &net->app,
        .log = net->cx.log,
        .store = net->store,
        .pipeline = net->pipeline,
        .courier_socket = argv[2],
        .at_once = strtoul(argv[3], NULL, 10),
        .answer_ms = strtol(argv[4], NULL, 10),
    };
    TORI_TRY(tori_due_new(&net->cx, &due, &net->due));
    tori_pipeline_on_durable(net->pipeline, on_durable, net);
    return TORI_OK;
}

int main(int argc, char **argv)
{
    struct net net = {
        .app.firm_name = {TORI_STR_INIT("みほん証券"), TORI_STR_INIT("Mihon Securities")}};

    if (argc != 5)
        return 64;
    tori_hash_init();
    tori_aead_init();
    (void)signal(SIGPIPE, SIG_IGN);
    pthread_mutex_init(&net.mutex, NULL);
    pthread_cond_init(&net.answered, NULL);
    net.cx.log = tori_log_new("net", TORI_INFO, 2);
    net.cx.arena = tori_arena_new(ARENA);
    if (TORI_FAILED(start(&net, argv))) {
        tori_log_failure(&net.cx, TORI_ERROR, "net.start");
        return 1;
    }
    while (!tori_pipeline_ready(net.pipeline))
        usleep(10 * 1000);
    puts("ready");
    fflush(stdout);
    serve(&net);
    tori_due_free(net.due);
    net.due = NULL;
    tori_pipeline_free(net.pipeline);
    tori_store_close(net.store);
    tori_arena_free(net.cx.arena);
    tori_log_free(net.cx.log);
    return 0;
}
