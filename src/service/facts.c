#include "service/facts.h"

#include <pthread.h>
#include <string.h>

#include "base/hash.h"
#include "service/app.h"
#include "store/store.h"

enum { SHARDS = 16 };

/* Each shard is a ring of places in the order they were noted, with chains by hash into it: the
 * oldest makes room. A place is 32 bytes of name and what is known under it. */
struct place {
    struct tori_hash name;
    struct tori_credential_fact fact; /* routes use its customer_id alone */
    uint32_t next;                    /* in its chain: index + 1 */
    bool used;
};

struct shard {
    pthread_mutex_t mutex;
    struct place *ring;
    uint32_t *chain;
    size_t head;
};

struct table {
    struct shard shard[SHARDS];
    size_t max; /* places of each shard */
};

struct tori_facts {
    struct table keys;
    struct table routes;
};

static bool table_init(struct table *table, size_t max)
{
    table->max = max / SHARDS + 1;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &table->shard[i];
        pthread_mutex_init(&shard->mutex, NULL);
        shard->ring = tori_heap_take(table->max * sizeof(*shard->ring));
        shard->chain = tori_heap_take(table->max * sizeof(*shard->chain));
        if (shard->ring == NULL || shard->chain == NULL)
            return false;
    }
    return true;
}

static void table_end(struct table *table)
{
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &table->shard[i];
        for (size_t k = 0; shard->ring != NULL && k < table->max; k++)
            tori_verify_key_free(shard->ring[k].fact.key);
        tori_heap_free(shard->ring);
        tori_heap_free(shard->chain);
        pthread_mutex_destroy(&shard->mutex);
    }
}

struct tori_facts *tori_facts_new(size_t max_keys, size_t max_routes)
{
    struct tori_facts *facts = tori_heap_take(sizeof(*facts));

    if (facts == NULL)
        return NULL;
    if (table_init(&facts->keys, max_keys) && table_init(&facts->routes, max_routes))
        return facts;
    tori_facts_free(facts);
    return NULL;
}

void tori_facts_free(struct tori_facts *facts)
{
    if (facts == NULL)
        return;
    table_end(&facts->keys);
    table_end(&facts->routes);
    tori_heap_free(facts);
}

/* Names are hashes or random ids, so any of their bytes spread. */
static struct shard *shard_of(struct table *table, const struct tori_hash *name)
{
    return &table->shard[name->at[16] % SHARDS];
}

static uint32_t *chain_of(const struct table *table, struct shard *shard,
                          const struct tori_hash *name)
{
    uint32_t h;
    memcpy(&h, name->at + 12, sizeof(h));
    return &shard->chain[h % table->max];
}

static struct place *find(const struct table *table, struct shard *shard,
                          const struct tori_hash *name)
{
    for (uint32_t at = *chain_of(table, shard, name); at != 0; at = shard->ring[at - 1].next)
        if (tori_hash_eq(&shard->ring[at - 1].name, name))
            return &shard->ring[at - 1];
    return NULL;
}

static void forget(const struct table *table, struct shard *shard, struct place *place)
{
    uint32_t *link = chain_of(table, shard, &place->name);
    uint32_t self = (uint32_t)(place - shard->ring) + 1;

    while (*link != self)
        link = &shard->ring[*link - 1].next;
    *link = place->next;
    tori_verify_key_free(place->fact.key);
    *place = (struct place){.used = false};
}

static void note(struct table *table, const struct tori_hash *name,
                 const struct tori_credential_fact *fact)
{
    struct shard *shard = shard_of(table, name);

    pthread_mutex_lock(&shard->mutex);
    struct place *known = find(table, shard, name);
    /* A login's visit belongs to nobody until it is proved: the one fact that is told in two
     * steps. */
    if (known != NULL && tori_id_is_none(&known->fact.customer_id))
        known->fact.customer_id = fact->customer_id;
    if (known == NULL) {
        struct place *place = &shard->ring[shard->head];
        if (place->used)
            forget(table, shard, place);
        uint32_t *chain = chain_of(table, shard, name);
        *place = (struct place){.name = *name, .fact = *fact, .next = *chain, .used = true};
        place->fact.key = tori_verify_key_share(fact->key);
        *chain = (uint32_t)shard->head + 1;
        shard->head = (shard->head + 1) % table->max;
    }
    pthread_mutex_unlock(&shard->mutex);
}

static bool look(struct table *table, const struct tori_hash *name,
                 struct tori_credential_fact *out)
{
    struct shard *shard = shard_of(table, name);

    pthread_mutex_lock(&shard->mutex);
    const struct place *place = find(table, shard, name);
    if (place != NULL) {
        *out = place->fact;
        out->key = tori_verify_key_share(place->fact.key);
    }
    pthread_mutex_unlock(&shard->mutex);
    return place != NULL;
}

/* Memory does not know, and only a worker has a reader. */
static TORI_RESULT require_reader(struct tori_ctx *cx)
{
    cx->needs_store = cx->reader == NULL;
    return cx->needs_store ? TORI_FAIL(cx, STORE_AWAY) : TORI_OK;
}

struct tori_result tori_facts_credential(struct tori_ctx *cx, struct tori_bytes credential_id,
                                         struct tori_credential_fact *out)
{
    struct tori_hash name = tori_sha256(credential_id);
    struct tori_credential_route route;
    struct tori_credential_fact fact;
    struct tori_bytes public_key;

    if (look(&cx->app->facts->keys, &name, out))
        return TORI_OK;
    TORI_TRY(require_reader(cx));
    TORI_TRY(tori_find_credential(cx, cx->reader, &name, &route));
    TORI_TRY(tori_find_public_key(cx, cx->reader, &route, &public_key));
    fact = (struct tori_credential_fact){
        .customer_id = route.customer_id, .user_id = route.user_id, .id = route.credential_row};
    TORI_TRY(tori_verify_key_new(cx, public_key, &fact.key));
    note(&cx->app->facts->keys, &name, &fact);
    *out = fact;
    return TORI_OK;
}

/* An id as the name of a place: its random tail lies where shards and chains look. */
static struct tori_hash name_of(const struct tori_id *handle)
{
    struct tori_hash name = {{0}};
    memcpy(name.at, handle->at, sizeof(handle->at));
    return name;
}

void tori_facts_note_route(const struct tori_ctx *cx, const struct tori_id *handle,
                           const struct tori_id *customer)
{
    struct tori_hash name = name_of(handle);
    struct tori_credential_fact fact = {.customer_id = *customer};

    if (cx->app != NULL && cx->app->facts != NULL)
        note(&cx->app->facts->routes, &name, &fact);
}

struct tori_result tori_facts_route(struct tori_ctx *cx, const struct tori_id *handle,
                                    struct tori_id *customer)
{
    struct tori_hash name = name_of(handle);
    struct tori_credential_fact fact;

    if (look(&cx->app->facts->routes, &name, &fact)) {
        *customer = fact.customer_id;
        return TORI_OK;
    }
    TORI_TRY(require_reader(cx));
    TORI_TRY(tori_find_owner(cx, cx->reader, handle, customer));
    tori_facts_note_route(cx, handle, customer);
    return TORI_OK;
}

struct tori_result tori_facts_customer(struct tori_ctx *cx, struct tori_str ref,
                                       struct tori_id *customer)
{
    struct tori_hash name = tori_sha256(tori_str_bytes(ref));
    struct tori_credential_fact fact;

    if (look(&cx->app->facts->routes, &name, &fact)) {
        *customer = fact.customer_id;
        return TORI_OK;
    }
    TORI_TRY(require_reader(cx));
    TORI_TRY(tori_find_customer(cx, cx->reader, &name, customer));
    fact = (struct tori_credential_fact){.customer_id = *customer};
    note(&cx->app->facts->routes, &name, &fact);
    return TORI_OK;
}
