#include "domain/evidence/entry.h"

struct tori_commitment tori_commitment_make(struct tori_random *random, struct tori_bytes bytes)
{
    struct tori_commitment commitment;

    tori_random_fill(random, commitment.salt, sizeof(commitment.salt));
    commitment.hash =
        tori_sha256_parts((const struct tori_bytes[]){TORI_BYTES_OF(commitment.salt), bytes}, 2);
    return commitment;
}

bool tori_commitment_holds(const struct tori_commitment *commitment, struct tori_bytes bytes)
{
    struct tori_hash hash =
        tori_sha256_parts((const struct tori_bytes[]){TORI_BYTES_OF(commitment->salt), bytes}, 2);
    return tori_hash_eq(&hash, &commitment->hash);
}

static void put_start(struct tori_buf *buf, uint64_t seq)
{
    tori_buf_printf(buf, "{\"v\":1,\"seq\":%llu,\"at\":\"", (unsigned long long)seq);
}

void tori_entry_begin(struct tori_ctx *cx, const struct tori_entry_head *head,
                      struct tori_entry *entry)
{
    static const struct tori_json null = {.kind = TORI_JSON_NULL};

    *entry = (struct tori_entry){.buf = tori_buf_new(cx->arena, TORI_ENTRY_MAX)};
    entry->out = (struct tori_json_out){.buf = &entry->buf, .comma = true};
    put_start(&entry->buf, head->seq);
    tori_buf_time(&entry->buf, head->at);
    tori_buf_byte(&entry->buf, '"');
    if (head->customer == NULL || tori_id_is_none(head->customer))
        tori_out_json(&entry->out, "customer", &null);
    else
        tori_out_id(&entry->out, "customer", head->customer);
    tori_out_word(&entry->out, "kind", head->kind);
}

void tori_entry_commit(struct tori_entry *entry, const char *name,
                       const struct tori_commitment *commitment)
{
    if (!entry->commits)
        tori_out_object(&entry->out, "commit");
    entry->commits = true;
    tori_out_hex(&entry->out, name, tori_hash_bytes(&commitment->hash));
}

struct tori_result tori_entry_end(struct tori_ctx *cx, struct tori_entry *entry,
                                  struct tori_bytes *out)
{
    if (entry->commits)
        tori_out_close(&entry->out);
    tori_out_close(&entry->out);
    TORI_TRY(tori_buf_done(cx, &entry->buf));
    *out = tori_buf_view(&entry->buf);
    return TORI_OK;
}

bool tori_entry_has_seq(struct tori_bytes entry, uint64_t seq)
{
    uint8_t room[64];
    struct tori_buf start = {.at = room, .room = sizeof(room), .cap = sizeof(room)};

    put_start(&start, seq);
    return tori_str_starts(tori_bytes_str(entry), tori_buf_text(&start));
}
