/* The decider's table of aggregates: chained buckets by id. Touched by one thread only. */
#include <string.h>

#include "service/pipeline_int.h"

enum { GROWN_MAX = 4096 };

static size_t place(const struct tori_table_of_slots *table, const struct tori_id *id)
{
    uint64_t h;
    /* The tail of an id is random. */
    memcpy(&h, id->at + sizeof(id->at) - sizeof(h), sizeof(h));
    return (size_t)h & (table->bucket_count - 1);
}

struct tori_slot *tori_slot_find(const struct tori_table_of_slots *table, const struct tori_id *id)
{
    if (table->bucket_count == 0)
        return NULL;
    struct tori_slot *slot = table->bucket[place(table, id)];
    while (slot != NULL && !tori_id_eq(&slot->customer_id, id))
        slot = slot->next;
    return slot;
}

static bool grow(struct tori_table_of_slots *table)
{
    struct tori_table_of_slots bigger = {
        .bucket_count = table->bucket_count == 0 ? 256 : table->bucket_count * 2,
        .count = table->count,
    };

    bigger.bucket = tori_heap_take(bigger.bucket_count * sizeof(*bigger.bucket));
    if (bigger.bucket == NULL)
        return false;
    for (size_t i = 0; i < table->bucket_count; i++)
        for (struct tori_slot *slot = table->bucket[i], *next; slot != NULL; slot = next) {
            struct tori_slot **to = &bigger.bucket[place(&bigger, &slot->customer_id)];
            next = slot->next;
            slot->next = *to;
            *to = slot;
        }
    tori_heap_free(table->bucket);
    *table = bigger;
    return true;
}

struct tori_slot *tori_slot_add(struct tori_table_of_slots *table, const struct tori_id *id)
{
    if (table->count >= table->bucket_count && !grow(table))
        return NULL;
    struct tori_slot *slot = tori_heap_take(sizeof(*slot));
    if (slot == NULL)
        return NULL;
    slot->customer_id = *id;
    slot->waiting_last = &slot->waiting;
    struct tori_slot **to = &table->bucket[place(table, id)];
    slot->next = *to;
    *to = slot;
    table->count++;
    return slot;
}

void tori_slot_remove(struct tori_table_of_slots *table, struct tori_slot *slot)
{
    struct tori_slot **at = &table->bucket[place(table, &slot->customer_id)];

    while (*at != slot)
        at = &(*at)->next;
    *at = slot->next;
    tori_aggregate_free(slot->agg);
    tori_heap_free(slot);
    table->count--;
}

typedef bool slot_rule(const struct tori_slot *slot, int64_t before_ms, uint64_t durable);

static size_t remove_where(struct tori_table_of_slots *table, slot_rule *rule, int64_t before_ms,
                           uint64_t durable)
{
    size_t removed = 0;

    for (size_t i = 0; i < table->bucket_count; i++)
        for (struct tori_slot *slot = table->bucket[i], *next; slot != NULL; slot = next) {
            next = slot->next;
            if (slot->agg == NULL || !rule(slot, before_ms, durable))
                continue;
            tori_slot_remove(table, slot);
            removed++;
        }
    return removed;
}

static bool any(const struct tori_slot *slot, int64_t before_ms, uint64_t durable)
{
    (void)slot, (void)before_ms, (void)durable;
    return true;
}

static bool written(const struct tori_slot *slot, int64_t before_ms, uint64_t durable)
{
    (void)before_ms;
    return slot->agg->saw_group <= durable;
}

static bool cold(const struct tori_slot *slot, int64_t before_ms, uint64_t durable)
{
    /* What is over stays in memory until the aggregate is loaded anew, so a busy one goes too. */
    bool full = slot->agg->grown > GROWN_MAX;
    bool idle = slot->agg->touched_ms < before_ms && !tori_id_is_none(&slot->customer_id);
    return (full || idle) && slot->agg->saw_group <= durable;
}

void tori_slots_drop(struct tori_table_of_slots *table)
{
    (void)remove_where(table, any, 0, 0);
}

size_t tori_slots_evict(struct tori_table_of_slots *table, int64_t before_ms, uint64_t durable)
{
    return remove_where(table, cold, before_ms, durable);
}

size_t tori_slots_forget(struct tori_table_of_slots *table, uint64_t durable)
{
    return remove_where(table, written, 0, durable);
}
