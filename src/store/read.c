/* Reads beside aggregates: routes, the journal, what is due. */
#include <string.h>

#include "store/reader_int.h"

/* Rows on their way into the arena. */
struct page {
    const struct tori_table_def *table;
    const void **row;
    size_t count;
    size_t max;
    void *scratch;
};

static struct tori_result keep_row(struct tori_ctx *cx, void *to, const struct tori_cell *cell,
                                   size_t count)
{
    struct page *page = to;

    TORI_TRY(tori_row_fill(cx, page->table, cell, count, page->scratch));
    if (page->count == page->max) { /* bodies come without a limit of their own */
        size_t more = page->max == 0 ? 8 : page->max * 2;
        const void **bigger;
        TORI_TRY(tori_take(cx, more * sizeof(*bigger), &bigger));
        if (page->count > 0)
            memcpy(bigger, page->row, page->count * sizeof(*bigger));
        page->row = bigger;
        page->max = more;
    }
    TORI_TRY(tori_row_copy(cx, page->table, page->scratch, &page->row[page->count]));
    page->count++;
    return TORI_OK;
}

static struct tori_result read_page(struct tori_ctx *cx, struct tori_reader *reader,
                                    struct tori_call *call, enum tori_table table,
                                    struct page *page)
{
    *page = (struct page){.table = &tori_tables[table]};
    TORI_TRY(tori_take(cx, page->table->row_size, &page->scratch));
    TORI_TRY(tori_reader_ready(cx, reader));
    call->on_row = keep_row;
    call->to = page;
    return tori_db_one(cx, reader->db, false, call);
}

struct tori_result tori_find_customer(struct tori_ctx *cx, struct tori_reader *reader,
                                      const struct tori_hash *ref_hash, struct tori_id *out)
{
    const struct tori_cell key = tori_cell_bytes(tori_hash_bytes(ref_hash));
    struct tori_call call = {.statement =
                                 tori_statement_of(TORI_TABLE_CUSTOMER_ROUTE, TORI_VERB_SELECT),
                             .cell = &key,
                             .count = 1};
    struct page page;

    TORI_TRY(read_page(cx, reader, &call, TORI_TABLE_CUSTOMER_ROUTE, &page));
    if (page.count == 0)
        return TORI_FAIL(cx, CUSTOMER_UNKNOWN);
    *out = ((const struct tori_customer_route *)page.row[0])->customer_id;
    return TORI_OK;
}

struct tori_result tori_find_credential(struct tori_ctx *cx, struct tori_reader *reader,
                                        const struct tori_hash *credential_hash,
                                        struct tori_credential_route *out)
{
    const struct tori_cell key = tori_cell_bytes(tori_hash_bytes(credential_hash));
    struct tori_call call = {.statement =
                                 tori_statement_of(TORI_TABLE_CREDENTIAL_ROUTE, TORI_VERB_SELECT),
                             .cell = &key,
                             .count = 1};
    struct page page;

    TORI_TRY(read_page(cx, reader, &call, TORI_TABLE_CREDENTIAL_ROUTE, &page));
    if (page.count == 0)
        return TORI_FAIL(cx, CREDENTIAL_UNKNOWN);
    memcpy(out, page.row[0], sizeof(*out));
    return TORI_OK;
}

struct tori_result tori_read_journal(struct tori_ctx *cx, struct tori_reader *reader,
                                     const struct tori_journal_span *span,
                                     struct tori_journal_page *out)
{
    const struct tori_cell cell[] = {tori_cell_int(span->shard), tori_cell_int(span->from_seq),
                                     tori_cell_int((int64_t)span->max)};
    struct tori_call call = {
        .statement = tori_statement_query(TORI_QUERY_JOURNAL_FROM), .cell = cell, .count = 3};
    struct page page;

    TORI_TRY(read_page(cx, reader, &call, TORI_TABLE_JOURNAL, &page));
    *out = (struct tori_journal_page){(const struct tori_journal **)page.row, page.count};
    return TORI_OK;
}

static struct tori_result first_number(struct tori_ctx *cx, void *to, const struct tori_cell *cell,
                                       size_t count)
{
    if (count != 1 || cell[0].kind != TORI_CELL_INT)
        return TORI_FAIL(cx, STORE_DATA);
    *(int64_t *)to = cell[0].number;
    return TORI_OK;
}

struct tori_result tori_read_head(struct tori_ctx *cx, struct tori_reader *reader, int64_t shard,
                                  int64_t *out)
{
    const struct tori_cell cell = tori_cell_int(shard);
    int64_t head = -1;
    struct tori_call call = {.statement = tori_statement_query(TORI_QUERY_JOURNAL_HEAD),
                             .cell = &cell,
                             .count = 1,
                             .on_row = first_number,
                             .to = &head};

    TORI_TRY(tori_reader_ready(cx, reader));
    TORI_TRY(tori_db_one(cx, reader->db, false, &call));
    *out = head;
    return TORI_OK;
}

static struct tori_result first_bytes(struct tori_ctx *cx, void *to, const struct tori_cell *cell,
                                      size_t count)
{
    if (count != 1 || cell[0].kind != TORI_CELL_BYTES)
        return TORI_FAIL(cx, STORE_DATA);
    return tori_copy(cx, cell[0].bytes, to);
}

/* The one column of the first row; an empty view when there is no row. */
static struct tori_result read_bytes(struct tori_ctx *cx, struct tori_reader *reader,
                                     struct tori_call *call, struct tori_bytes *out)
{
    *out = (struct tori_bytes){NULL, 0};
    call->on_row = first_bytes;
    call->to = out;
    TORI_TRY(tori_reader_ready(cx, reader));
    return tori_db_one(cx, reader->db, false, call);
}

struct tori_result tori_find_owner(struct tori_ctx *cx, struct tori_reader *reader,
                                   const struct tori_id *handle, struct tori_id *customer)
{
    const struct tori_cell cell =
        tori_cell_bytes((struct tori_bytes){handle->at + 2, sizeof(handle->at) - 2});
    struct tori_call call = {
        .statement = tori_statement_query(TORI_QUERY_OWNER_OF), .cell = &cell, .count = 1};
    struct tori_bytes found;

    TORI_TRY(read_bytes(cx, reader, &call, &found));
    if (found.len == 0)
        return TORI_FAIL(cx, NOT_FOUND);
    if (found.len != sizeof(customer->at))
        return TORI_FAIL(cx, STORE_DATA);
    memcpy(customer->at, found.at, sizeof(customer->at));
    return TORI_OK;
}

struct tori_result tori_find_channel_key(struct tori_ctx *cx, struct tori_reader *reader,
                                         const struct tori_hash *key_hash, bool *known)
{
    const struct tori_cell cell = tori_cell_bytes(tori_hash_bytes(key_hash));
    struct tori_call call = {
        .statement = tori_statement_query(TORI_QUERY_CHANNEL_OF_KEY), .cell = &cell, .count = 1};
    struct tori_bytes found;

    TORI_TRY(read_bytes(cx, reader, &call, &found));
    *known = found.len > 0;
    return TORI_OK;
}

struct tori_result tori_find_public_key(struct tori_ctx *cx, struct tori_reader *reader,
                                        const struct tori_credential_route *route,
                                        struct tori_bytes *out)
{
    const struct tori_cell cell[] = {tori_cell_bytes(tori_id_bytes(&route->customer_id)),
                                     tori_cell_bytes(tori_id_bytes(&route->credential_row))};
    struct tori_call call = {
        .statement = tori_statement_query(TORI_QUERY_PUBLIC_KEY_OF), .cell = cell, .count = 2};

    TORI_TRY(read_bytes(cx, reader, &call, out));
    if (out->len == 0)
        return TORI_FAIL(cx, CREDENTIAL_UNKNOWN);
    return TORI_OK;
}

struct tori_result tori_read_body(struct tori_ctx *cx, struct tori_reader *reader, int64_t shard,
                                  int64_t seq, const struct tori_evidence_body **out)
{
    const struct tori_cell cell[] = {tori_cell_int(shard), tori_cell_int(seq)};
    struct tori_call call = {.statement =
                                 tori_statement_of(TORI_TABLE_EVIDENCE_BODY, TORI_VERB_SELECT),
                             .cell = cell,
                             .count = 2};
    struct page page;

    TORI_TRY(read_page(cx, reader, &call, TORI_TABLE_EVIDENCE_BODY, &page));
    if (page.count == 0)
        return TORI_FAIL(cx, NOT_FOUND);
    *out = page.row[0];
    return TORI_OK;
}

struct tori_result tori_read_jobs(struct tori_ctx *cx, struct tori_reader *reader,
                                  const struct tori_job *after, size_t max,
                                  struct tori_job_page *out)
{
    const struct tori_job before_all = {.due_at = INT64_MIN};
    const struct tori_job *last = after != NULL ? after : &before_all;
    const struct tori_cell cell[] = {
        tori_cell_int(last->due_at), tori_cell_bytes(tori_id_bytes(&last->customer_id)),
        tori_cell_bytes(tori_id_bytes(&last->id)), tori_cell_int((int64_t)max)};
    struct tori_call call = {
        .statement = tori_statement_query(TORI_QUERY_JOBS_AFTER), .cell = cell, .count = 4};
    struct page page;

    TORI_TRY(read_page(cx, reader, &call, TORI_TABLE_JOB, &page));
    *out = (struct tori_job_page){(const struct tori_job **)page.row, page.count};
    return TORI_OK;
}
