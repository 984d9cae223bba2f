/* Exchanges are reused: each keeps its arena, whose first block is wiped and stays. */
#include <stddef.h>
#include <string.h>

#include "http/http_int.h"

enum { ARENA_CAP = 1024 * 1024, SPARE_MAX = 256 };

/* On whatever thread the pipeline answers. */
static void done(struct tori_command *command)
{
    struct tori_exchange *exchange = command->owner;
    struct tori_edge *edge = exchange->edge;
    struct tori_command *top = atomic_load(&edge->done);

    atomic_fetch_add(&edge->wakers, 1);
    do {
        command->next = top;
    } while (!atomic_compare_exchange_weak(&edge->done, &top, command));
    /* From here on the exchange is its reactor's, and only the count keeps that from ending. */
    edge->wake(edge);
    atomic_fetch_sub(&edge->wakers, 1);
}

static struct tori_exchange *from_spare(struct tori_edge *edge)
{
    struct tori_exchange *exchange = edge->spare;

    edge->spare = exchange->next_spare;
    edge->spare_count--;
    return exchange;
}

static struct tori_exchange *from_heap(void)
{
    struct tori_exchange *exchange = tori_heap_take(sizeof(*exchange));
    if (exchange == NULL)
        return NULL;
    exchange->arena = tori_arena_new(ARENA_CAP);
    if (exchange->arena != NULL)
        return exchange;
    tori_heap_free(exchange);
    return NULL;
}

/* Everything but the fields of the head, which are many and are set one by one. */
static void clear(struct tori_exchange *exchange)
{
    struct tori_arena *arena = exchange->arena;
    size_t before = offsetof(struct tori_exchange, head);
    size_t after = before + sizeof(exchange->head);

    memset(exchange, 0, before);
    memset((char *)exchange + after, 0, sizeof(*exchange) - after);
    exchange->head.count = 0;
    exchange->arena = arena;
}

/* Each byte once: who reads our memory later cannot tell what earlier requests were given. */
static void give_chance(struct tori_edge *edge, uint8_t *to, size_t n)
{
    if (edge->chance_left < n) {
        tori_random_kernel(edge->chance, sizeof(edge->chance));
        edge->chance_left = sizeof(edge->chance);
    }
    edge->chance_left -= n;
    memcpy(to, edge->chance + edge->chance_left, n);
    tori_wipe(edge->chance + edge->chance_left, n);
}

struct tori_exchange *tori_exchange_take(struct tori_edge *edge, struct tori_conn *conn)
{
    struct tori_exchange *exchange = edge->spare != NULL ? from_spare(edge) : from_heap();
    const struct tori_server_config *config = &edge->server->config;
    if (exchange == NULL)
        return NULL;

    clear(exchange);
    exchange->edge = edge;
    exchange->conn = conn;
    exchange->site = conn->site;
    struct tori_command *command = &exchange->command;
    command->owner = exchange;
    command->caller.listener = conn->site->config->role;
    command->done = done;
    command->cx.app = config->app;
    command->cx.arena = exchange->arena;
    command->cx.caller = &command->caller;
    command->cx.log = config->log;
    command->cx.lang = TORI_JA;
    command->cx.now = tori_clock_wall();
    command->deadline_ms = edge->now_ms + config->limits.request_ms;
    give_chance(edge, command->cx.request_id, sizeof(command->cx.request_id));
    give_chance(edge, command->cx.random.seed, sizeof(command->cx.random.seed));
    tori_reply_begin(&command->reply, exchange->arena);
    return exchange;
}

static void destroy(struct tori_exchange *exchange)
{
    tori_arena_free(exchange->arena);
    tori_wipe(exchange, sizeof(*exchange));
    tori_heap_free(exchange);
}

void tori_exchange_release(struct tori_exchange *exchange)
{
    struct tori_edge *edge = exchange->edge;

    tori_arena_reset(exchange->arena);
    tori_wipe(&exchange->command.cx.random, sizeof(exchange->command.cx.random));
    if (edge->spare_count >= SPARE_MAX) {
        destroy(exchange);
        return;
    }
    exchange->next_spare = edge->spare;
    edge->spare = exchange;
    edge->spare_count++;
}

struct tori_exchange *tori_exchange_of(struct tori_ctx *cx)
{
    size_t at = offsetof(struct tori_exchange, command) + offsetof(struct tori_command, cx);
    return (struct tori_exchange *)(void *)((char *)cx - at);
}

void tori_edge_begin(struct tori_edge *edge, struct tori_server *server)
{
    edge->server = server;
    edge->now_ms = tori_clock_steady_ms();
    atomic_init(&edge->done, NULL);
}

void tori_edge_end(struct tori_edge *edge)
{
    while (edge->spare != NULL)
        destroy(from_spare(edge));
    tori_wipe(edge->chance, sizeof(edge->chance));
}
