#include "service/lobby.h"

#include <string.h>

/* A ring of visits in the order they came, and a table of chains by id into it. */
struct place {
    struct tori_lobby_visit visit;
    uint32_t next; /* in its chain: index + 1, 0 ends it */
    bool used;
};

enum { CLAIMS = 4096 };

struct tori_lobby {
    struct place *ring;
    uint32_t *chain;
    size_t max;
    size_t chain_count;
    size_t head; /* where the next visit goes */
    size_t count;
    struct tori_hash claim[CLAIMS]; /* a ring; more than the queues can hold at once */
    size_t next_claim;
};

struct tori_lobby *tori_lobby_new(size_t max)
{
    struct tori_lobby *lobby = tori_heap_take(sizeof(*lobby));

    if (lobby == NULL)
        return NULL;
    lobby->max = max;
    lobby->chain_count = 1;
    while (lobby->chain_count < max)
        lobby->chain_count *= 2;
    lobby->ring = tori_heap_take(max * sizeof(*lobby->ring));
    lobby->chain = tori_heap_take(lobby->chain_count * sizeof(*lobby->chain));
    if (lobby->ring != NULL && lobby->chain != NULL)
        return lobby;
    tori_lobby_free(lobby);
    return NULL;
}

void tori_lobby_free(struct tori_lobby *lobby)
{
    if (lobby == NULL)
        return;
    if (lobby->ring != NULL)
        tori_wipe(lobby->ring, lobby->max * sizeof(*lobby->ring));
    tori_heap_free(lobby->ring);
    tori_heap_free(lobby->chain);
    tori_heap_free(lobby);
}

void tori_lobby_clear(struct tori_lobby *lobby)
{
    tori_wipe(lobby->ring, lobby->max * sizeof(*lobby->ring));
    memset(lobby->chain, 0, lobby->chain_count * sizeof(*lobby->chain));
    memset(lobby->claim, 0, sizeof(lobby->claim));
    lobby->head = lobby->count = lobby->next_claim = 0;
}

static uint32_t *chain_of(struct tori_lobby *lobby, const struct tori_id *id)
{
    uint64_t h;
    memcpy(&h, id->at + sizeof(id->at) - sizeof(h), sizeof(h));
    return &lobby->chain[h & (lobby->chain_count - 1)];
}

/* The link that points at the visit, so that it can be cut; NULL when there is none. */
static uint32_t *link_to(struct tori_lobby *lobby, const struct tori_id *id)
{
    for (uint32_t *link = chain_of(lobby, id); *link != 0; link = &lobby->ring[*link - 1].next)
        if (tori_id_eq(&lobby->ring[*link - 1].visit.id, id))
            return link;
    return NULL;
}

struct tori_lobby_visit *tori_lobby_find(struct tori_lobby *lobby, const struct tori_id *id,
                                         tori_time now)
{
    const uint32_t *link = link_to(lobby, id);

    if (link == NULL || lobby->ring[*link - 1].visit.expires_at <= now)
        return NULL;
    return &lobby->ring[*link - 1].visit;
}

void tori_lobby_remove(struct tori_lobby *lobby, const struct tori_id *id)
{
    uint32_t *link = link_to(lobby, id);

    if (link == NULL)
        return;
    struct place *place = &lobby->ring[*link - 1];
    *link = place->next;
    tori_wipe(place, sizeof(*place));
    lobby->count--;
}

struct tori_lobby_visit *tori_lobby_add(struct tori_lobby *lobby, const struct tori_id *id)
{
    struct place *place = &lobby->ring[lobby->head];
    uint32_t *chain;

    if (place->used) {
        struct tori_id oldest = place->visit.id;
        tori_lobby_remove(lobby, &oldest);
    }
    chain = chain_of(lobby, id);
    *place = (struct place){.visit.id = *id, .next = *chain, .used = true};
    *chain = (uint32_t)lobby->head + 1;
    lobby->head = (lobby->head + 1) % lobby->max;
    lobby->count++;
    return &place->visit;
}

bool tori_lobby_claim(struct tori_lobby *lobby, const struct tori_hash *hash)
{
    for (size_t i = 0; i < CLAIMS; i++)
        if (tori_hash_eq(&lobby->claim[i], hash))
            return true;
    lobby->claim[lobby->next_claim] = *hash;
    lobby->next_claim = (lobby->next_claim + 1) % CLAIMS;
    return false;
}
