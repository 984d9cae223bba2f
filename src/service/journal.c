#include "service/journal.h"

#include <assert.h>
#include <string.h>

#include "domain/evidence/merkle.h"
#include "domain/evidence/seal.h"

enum { KEPT_MAX = 256 * 1024 };

void tori_journal_begin(struct tori_ctx *cx, const char *kind, struct tori_record *record)
{
    const struct tori_id *customer = &cx->state->customer->customer_id;
    struct tori_entry_head head = {
        .seq = (uint64_t)cx->state->next_seq,
        .at = cx->now,
        .customer = tori_id_is_none(customer) ? NULL : customer,
        .kind = kind,
    };

    record->kind = kind;
    record->bodies = 0;
    record->kept = tori_buf_new(cx->arena, KEPT_MAX);
    tori_entry_begin(cx, &head, &record->entry);
}

struct tori_result tori_journal_body(struct tori_ctx *cx, struct tori_record *record,
                                     const char *name, struct tori_bytes content)
{
    struct tori_commitment commitment = tori_commitment_make(&cx->random, content);
    struct tori_buf *kept = &record->kept;
    struct tori_str word = tori_str_z(name);
    size_t i = record->bodies;

    assert(i < TORI_RECORD_BODIES && word.len < 256 && content.len <= UINT32_MAX);
    tori_buf_byte(kept, (uint8_t)word.len);
    tori_buf_str(kept, word);
    tori_buf_bytes(kept, commitment.salt, sizeof(commitment.salt));
    for (int shift = 24; shift >= 0; shift -= 8)
        tori_buf_byte(kept, (uint8_t)(content.len >> shift));
    tori_buf_bytes(kept, content.at, content.len);
    record->commitment[i] = commitment;
    record->name[i] = name;
    record->bodies++;
    return tori_buf_done(cx, kept);
}

static TORI_RESULT keep_bodies(struct tori_ctx *cx, const struct tori_record *record)
{
    struct tori_body *body;

    if (record->bodies == 0)
        return TORI_OK;
    TORI_TRY(tori_take(cx, sizeof(*body), &body));
    *body = (struct tori_body){
        .shard = cx->state->shard,
        .seq = cx->state->next_seq,
        .customer_id = cx->state->customer->customer_id,
        .key = cx->state->customer->data_key,
        .content = tori_buf_view(&record->kept),
        .next = cx->changes->body,
    };
    tori_random_fill(&cx->random, body->nonce, sizeof(body->nonce));
    cx->changes->body = body;
    return TORI_OK;
}

struct tori_result tori_journal_end(struct tori_ctx *cx, struct tori_record *record,
                                    struct tori_receipt *receipt)
{
    struct tori_state *state = cx->state;
    struct tori_bytes text;

    for (size_t i = 0; i < record->bodies; i++)
        tori_entry_commit(&record->entry, record->name[i], &record->commitment[i]);
    TORI_TRY(tori_entry_end(cx, &record->entry, &text));

    struct tori_journal row = {
        .shard = state->shard,
        .seq = state->next_seq,
        .at_ms = cx->now,
        .customer_id = state->customer->customer_id,
        .kind = tori_str_z(record->kind),
        .entry = tori_bytes_str(text),
        .leaf_hash = tori_leaf_hash(text),
    };
    TORI_TRY(tori_journal_insert(cx, &row));
    TORI_TRY(keep_bodies(cx, record));
    state->next_seq++;
    if (receipt != NULL)
        *receipt = (struct tori_receipt){row.shard, row.seq, row.leaf_hash};
    return TORI_OK;
}

/* Names somebody: a known customer, or an operator of the firm whose session is known. */
static bool names_somebody(const struct tori_ctx *cx)
{
    return !tori_id_is_none(&cx->route) && cx->state->customer->known;
}

struct tori_result tori_journal_refusal(struct tori_ctx *cx, tori_err err)
{
    struct tori_aggregate *agg = cx->state->customer;
    struct tori_failure failure = cx->failure;
    struct tori_record record;
    int64_t minute = cx->now / TORI_MINUTE_MS;

    if (!names_somebody(cx))
        return TORI_OK;
    int64_t left_out =
        agg->refusals > TORI_REFUSALS_PER_MINUTE ? agg->refusals - TORI_REFUSALS_PER_MINUTE : 0;
    if (agg->refusals_from != minute) {
        agg->refusals_from = minute;
        agg->refusals = 0;
    }
    if (++agg->refusals > TORI_REFUSALS_PER_MINUTE)
        return TORI_OK;
    tori_journal_begin(cx, "refused", &record);
    tori_out_word(&record.entry.out, "error", tori_err_name(err));
    if (failure.err == err && failure.file != NULL)
        tori_out_word(&record.entry.out, "raised_in", failure.file);
    if (agg->refusals == 1 && left_out > 0)
        tori_out_int(&record.entry.out, "left_out_before", left_out);
    return tori_journal_end(cx, &record, NULL);
}

static TORI_RESULT seal_body(struct tori_ctx *cx, const struct tori_body *body)
{
    struct tori_sealing sealing = {
        .key = &body->key,
        .nonce = body->nonce,
        .owner = &body->customer_id,
        .row = {(const uint8_t *)&body->seq, sizeof(body->seq)},
        .column = TORI_STR("evidence_body.sealed_body"),
    };
    struct tori_evidence_body row = {
        .shard = body->shard, .seq = body->seq, .customer_id = body->customer_id};

    TORI_TRY(tori_seal(cx, &sealing, body->content, &row.sealed_body));
    return tori_evidence_body_insert(cx, &row);
}

struct tori_result tori_seal_bodies(struct tori_ctx *cx, struct tori_changes *changes)
{
    struct tori_body *body = changes->body;

    changes->body = NULL; /* once, also when the group is written a second time */
    cx->changes = changes;
    for (; body != NULL; body = body->next) {
        TORI_TRY(seal_body(cx, body));
        tori_key32_wipe(&body->key);
    }
    return TORI_OK;
}
