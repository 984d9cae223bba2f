/* The store: SQLite inside, or PostgreSQL beside. This room alone runs SQL.
 *
 * A store is opened once; each worker opens a reader of its own, and the committer of a shard opens
 * the one writer. A handle belongs to one thread at a time, the store itself to all of them.
 *
 * Errors everywhere: STORE_AWAY (not reachable, too late, disk full), STORE_DATA (what lies there
 * is not what this release knows), STORE_REFUSED (a statement that the engine will not have: our
 * own mistake), SETTING_BAD (an address or an engine that is not set up to keep what it is
 * given). */
#ifndef TORI_STORE_STORE_H
#define TORI_STORE_STORE_H

#include "model/aggregate.h"
#include "model/changes.h"

struct tori_store;
struct tori_reader;
struct tori_writer;

/* Zero in a number means its default. */
struct tori_store_config {
    struct tori_str url;     /* "sqlite:/var/lib/torimori/torimori.db" or "postgresql://…" */
    int64_t lease_ms;        /* 10,000: how long a standby waits for a new beat */
    int64_t lease_margin_ms; /* 2,000: an owner stops this much before its lease ends */
    int64_t answer_ms;       /* 5,000: how long an engine may take over one answer */
};

/* Reads the address and reaches nothing yet. `read_only` stores have readers, but no writer. */
TORI_RESULT tori_store_open(struct tori_ctx *cx, const struct tori_store_config *config,
                            bool read_only, struct tori_store **out);
void tori_store_close(struct tori_store *store);

/* Creates or updates the tables; forward only. On PostgreSQL the address must be the owner's, for
 * torimori_app has no DDL. A schema that is newer than this release, or whose history differs from
 * ours, is STORE_DATA and stays as it is. */
TORI_RESULT tori_store_migrate(struct tori_ctx *cx, struct tori_store *store);

/* Prepares every query, so a typo stops the start. A reader that lost its connection makes a new
 * one at its next call. */
TORI_RESULT tori_reader_open(struct tori_ctx *cx, struct tori_store *store,
                             struct tori_reader **out);
void tori_reader_close(struct tori_reader *reader);

/* One consistent snapshot of all rows that a customer's decisions need; customer 0 brings the
 * firm's tables too. `known` is false, and every set empty, for somebody who does not exist. The
 * caller owns the aggregate; its data key is still wrapped in the customer row. */
TORI_RESULT tori_load_aggregate(struct tori_ctx *cx, struct tori_reader *reader,
                                const struct tori_id *customer, tori_time now,
                                struct tori_aggregate **out);

/* CUSTOMER_UNKNOWN; CREDENTIAL_UNKNOWN. */
TORI_RESULT tori_find_customer(struct tori_ctx *cx, struct tori_reader *reader,
                               const struct tori_hash *ref_hash, struct tori_id *out);
TORI_RESULT tori_find_credential(struct tori_ctx *cx, struct tori_reader *reader,
                                 const struct tori_hash *credential_hash,
                                 struct tori_credential_route *out);

/* The customer whom a session or operation belongs to, or an approval is about.
 * NOT_FOUND. */
TORI_RESULT tori_find_owner(struct tori_ctx *cx, struct tori_reader *reader,
                            const struct tori_id *handle, struct tori_id *customer);
/* The COSE_Key of a credential; in the request's arena. CREDENTIAL_UNKNOWN. */
TORI_RESULT tori_find_public_key(struct tori_ctx *cx, struct tori_reader *reader,
                                 const struct tori_credential_route *route, struct tori_bytes *out);

/* Whether an active channel has this key. */
TORI_RESULT tori_find_channel_key(struct tori_ctx *cx, struct tori_reader *reader,
                                  const struct tori_hash *key_hash, bool *known);

/* Rows lie in the request's arena. */
struct tori_journal_page {
    const struct tori_journal **row;
    size_t count;
};
struct tori_job_page {
    const struct tori_job **row;
    size_t count;
};

/* At most `max` rows with seq >= from_seq, in the order of seq. */
struct tori_journal_span {
    int64_t shard;
    int64_t from_seq;
    size_t max;
};
TORI_RESULT tori_read_journal(struct tori_ctx *cx, struct tori_reader *reader,
                              const struct tori_journal_span *span, struct tori_journal_page *out);
/* The highest seq of a shard; -1 when its journal is empty. */
TORI_RESULT tori_read_head(struct tori_ctx *cx, struct tori_reader *reader, int64_t shard,
                           int64_t *out);
/* The sealed bodies of one journal row. NOT_FOUND: it has none. */
TORI_RESULT tori_read_body(struct tori_ctx *cx, struct tori_reader *reader, int64_t shard,
                           int64_t seq, const struct tori_evidence_body **out);
/* Live jobs of all customers by due_at, at most `max`, those after the row `after` (NULL: from the
 * first). For the start: a page shorter than `max` is the last. */
TORI_RESULT tori_read_jobs(struct tori_ctx *cx, struct tori_reader *reader,
                           const struct tori_job *after, size_t max, struct tori_job_page *out);

/* The one writer of a shard. `owner` names the supervisor's instance: whoever comes with the
 * owner's own name is its successor, so the name must be drawn at random at each start of a
 * supervisor. */
TORI_RESULT tori_writer_open(struct tori_ctx *cx, struct tori_store *store, int64_t shard,
                             struct tori_str owner, struct tori_writer **out);
/* Does not release the lease. */
void tori_writer_close(struct tori_writer *writer);

/* One look at the lease; to be called again, at least five times a lease, until `taken`. At once
 * for a shard that nobody owns, for the owner's own successor and, in an embedded store, for whom
 * the kernel gives the lock file; otherwise when this writer's steady clock has seen no new beat
 * for the lease's length. */
TORI_RESULT tori_lease_take(struct tori_ctx *cx, struct tori_writer *writer, bool *taken);
/* Leaves the shard to whoever comes next, without a wait. FENCED when it was not ours any more. */
TORI_RESULT tori_lease_release(struct tori_ctx *cx, struct tori_writer *writer);
/* Steady clock, any thread: after this nothing may be answered but /healthz; 0 before the first. */
int64_t tori_lease_deadline_ms(const struct tori_writer *writer);
int64_t tori_lease_epoch(const struct tori_writer *writer);

/* One transaction: raises the lease's beat under our epoch, then makes every change of every list
 * (linked by `next`, NULL allowed) in order. No lists at all: the beat of an idle owner.
 *
 *   TORI_OK        durable
 *   STORE_REFUSED  rolled back for certain; the next commit may follow
 *   STORE_AWAY     outcome unknown; every commit says so until tori_writer_renew
 *   FENCED         nothing was written, and never will be by this writer
 *
 * An update or removal of a row that is not there is our own mistake: STORE_REFUSED. */
TORI_RESULT tori_commit(struct tori_ctx *cx, struct tori_writer *writer,
                        const struct tori_change *const *lists, size_t count);

/* After STORE_AWAY, before anything is read again: connects anew and goes to the next epoch of our
 * own lease, so nothing that was sent before can still be committed. FENCED when somebody else took
 * the lease, STORE_AWAY while it cannot be told (call again). */
TORI_RESULT tori_writer_renew(struct tori_ctx *cx, struct tori_writer *writer);

#endif
