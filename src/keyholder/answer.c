#include "answer_int.h"

#include <string.h>

/* Whoever floods us with nonsense does not fill the disk with it. */
enum { LOGGED_PER_SECOND = 10 };

/* The body of an answer as a handler leaves it. */
struct body {
    uint8_t *at;
    size_t len;
};

typedef struct tori_result handler(struct tori_keyholder *holder, struct tori_bytes in,
                                   struct body *out);

static void put_u64(struct body *out, uint64_t n)
{
    tori_keys_put(out->at + out->len, n, 8);
    out->len += 8;
}

static struct tori_result put_text(struct tori_keyholder *holder, const struct tori_buf *buf,
                                   struct body *out)
{
    TORI_TRY(tori_buf_done(&holder->cx, buf));
    put_u64(out, holder->vault->log.size);
    memcpy(out->at + out->len, buf->at, buf->len);
    out->len += buf->len;
    return TORI_OK;
}

static struct tori_result beat(struct tori_keyholder *holder, struct tori_bytes in,
                               struct body *out)
{
    (void)in;
    put_u64(out, holder->vault->log.size);
    put_u64(out, holder->counts.signatures);
    put_u64(out, holder->counts.keys_made);
    put_u64(out, holder->counts.keys_opened);
    put_u64(out, holder->counts.refusals);
    return TORI_OK;
}

static struct tori_result data_key_new(struct tori_keyholder *holder, struct tori_bytes in,
                                       struct body *out)
{
    TORI_SECRET struct tori_key32 key;

    tori_random_fill(&holder->cx.random, key.at, sizeof(key.at));
    TORI_TRY(tori_vault_wrap(&holder->cx, holder->vault, in.at, &key, out->at + sizeof(key.at)));
    memcpy(out->at, key.at, sizeof(key.at));
    out->len = sizeof(key.at) + TORI_KEYS_WRAPPED;
    holder->counts.keys_made++;
    return TORI_OK;
}

static struct tori_result data_key_open(struct tori_keyholder *holder, struct tori_bytes in,
                                        struct body *out)
{
    TORI_SECRET struct tori_key32 key;

    TORI_TRY(tori_vault_unwrap(&holder->cx, holder->vault, in.at, in.at + TORI_KEYS_OWNER, &key));
    memcpy(out->at, key.at, sizeof(key.at));
    out->len = sizeof(key.at);
    holder->counts.keys_opened++;
    return TORI_OK;
}

static struct tori_result log_key(struct tori_keyholder *holder, struct tori_bytes in,
                                  struct body *out)
{
    struct tori_buf buf = tori_buf_new(holder->cx.arena, TORI_CHECKPOINT_MAX);

    (void)in;
    tori_vkey_put(&buf, &holder->vault->public);
    return put_text(holder, &buf, out);
}

static struct tori_result log_head(struct tori_keyholder *holder, struct tori_bytes in,
                                   struct body *out)
{
    struct tori_buf buf = tori_buf_new(holder->cx.arena, TORI_CHECKPOINT_MAX);

    (void)in;
    TORI_TRY(tori_vault_sign(&holder->cx, holder->vault, &buf));
    holder->counts.signatures++;
    return put_text(holder, &buf, out);
}

static struct tori_result log_extend(struct tori_keyholder *holder, struct tori_bytes in,
                                     struct body *out)
{
    uint64_t from = tori_keys_get(in.at, 8);

    if (from != holder->vault->log.size)
        return TORI_FAIL(&holder->cx, LOG_DIFFERS, tori_u64("from", from));
    TORI_TRY(tori_vault_extend(&holder->cx, holder->vault, in.at + 8, (in.len - 8) / 32));
    return log_head(holder, in, out);
}

/* The claim is rebuilt as the text that this key would have signed, so nothing of it needs parsing:
 * if the signature holds, the key has signed that size and root before. */
static struct tori_result log_adopt(struct tori_keyholder *holder, struct tori_bytes in,
                                    struct body *out)
{
    struct tori_frontier log = {.size = tori_keys_get(in.at + 8, 8)};
    const uint8_t *signature = in.at + 16, *node = signature + TORI_ED25519_SIGNATURE;
    struct tori_buf text = tori_buf_new(holder->cx.arena, TORI_CHECKPOINT_MAX);

    if (log.size == 0 || in.at + in.len != node + 32 * (size_t)__builtin_popcountll(log.size))
        return TORI_FAIL(&holder->cx, NOT_PERMITTED, tori_word("adopt", "frontier"));
    for (int level = TORI_TREE_LEVELS - 1; level >= 0; level--) {
        if ((log.size >> level & 1) == 0)
            continue;
        memcpy(log.node[level].at, node, 32);
        node += 32;
    }
    tori_vault_text(holder->vault, &log, &text);
    TORI_TRY(tori_buf_done(&holder->cx, &text));
    if (!tori_ed25519_verifies(holder->vault->public.public, signature, tori_buf_view(&text)))
        return TORI_FAIL(&holder->cx, NOT_PERMITTED, tori_word("adopt", "signature"));
    TORI_TRY(tori_vault_adopt(&holder->cx, holder->vault, tori_keys_get(in.at, 8), &log));
    return log_head(holder, in, out);
}

/* What is permitted when. A body has at least `least` bytes, and then any number of `step` up to
 * `most`. */
struct rule {
    size_t least;
    size_t most;
    size_t step;
    bool with_log;    /* permitted while there is a log state */
    bool without_log; /* permitted while there is none */
    unsigned per_second;
    handler *answer;
};

static const struct rule rules[TORI_KEYS_KINDS] = {
    [TORI_KEYS_BEAT] = {0, 0, 1, true, true, 1000, beat},
    [TORI_KEYS_DATA_KEY_NEW] = {TORI_KEYS_OWNER, TORI_KEYS_OWNER, 1, true, true, 5000,
                                data_key_new},
    [TORI_KEYS_DATA_KEY_OPEN] = {TORI_KEYS_OWNER + TORI_KEYS_WRAPPED,
                                 TORI_KEYS_OWNER + TORI_KEYS_WRAPPED, 1, true, true, 10000,
                                 data_key_open},
    [TORI_KEYS_LOG_KEY] = {0, 0, 1, true, true, 100, log_key},
    [TORI_KEYS_LOG_HEAD] = {0, 0, 1, true, false, 100, log_head},
    [TORI_KEYS_LOG_EXTEND] = {8 + 32, 8 + 32 * TORI_EXTEND_MAX, 32, true, false, 1000, log_extend},
    [TORI_KEYS_LOG_ADOPT] = {16 + 64 + 32, 16 + 64 + 32 * TORI_TREE_LEVELS, 32, false, true, 10,
                             log_adopt},
};

static bool fits(const struct rule *rule, size_t body)
{
    return body >= rule->least && body <= rule->most && (body - rule->least) % rule->step == 0;
}

static bool too_many(struct tori_keyholder *holder, unsigned kind)
{
    int64_t now = tori_clock_steady_ms() / 1000;

    if (now != holder->second) {
        memset(holder->asked, 0, sizeof(holder->asked));
        holder->refused = 0;
    }
    holder->second = now;
    return holder->asked[kind]++ >= rules[kind].per_second;
}

static enum tori_keys_status run(struct tori_keyholder *holder, unsigned kind, struct tori_bytes in,
                                 struct body *out)
{
    const struct rule *rule = &rules[kind];

    if (too_many(holder, kind))
        return TORI_KEYS_BUSY;
    if (holder->vault->has_log ? !rule->with_log : !rule->without_log)
        return TORI_KEYS_REFUSED;
    /* Drawn anew for every request: what is in memory later tells nothing of an earlier key. */
    tori_random_seed(&holder->cx.random);
    struct tori_result result = rule->answer(holder, in, out);
    if (!TORI_FAILED(result))
        return TORI_KEYS_OK;
    out->len = 0;
    if (holder->refused++ < LOGGED_PER_SECOND)
        tori_log_failure(&holder->cx, TORI_WARN, "keyholder.refused");
    if (result.err == TORI_ERR_NOT_PERMITTED)
        return TORI_KEYS_REFUSED;
    if (result.err != TORI_ERR_LOG_DIFFERS)
        return TORI_KEYS_FAILED;
    put_u64(out, holder->vault->log.size);
    return TORI_KEYS_LOG_DIFFERS;
}

bool tori_keyholder_answer(struct tori_keyholder *holder, struct tori_bytes request,
                           struct tori_answer *answer)
{
    if (request.len < TORI_KEYS_HEAD || request.at[0] != TORI_KEYS_VERSION || request.at[2] != 0 ||
        request.at[3] != 0)
        return false;
    unsigned kind = request.at[1];
    struct tori_bytes in = {request.at + TORI_KEYS_HEAD, request.len - TORI_KEYS_HEAD};
    if (kind >= TORI_KEYS_KINDS || rules[kind].answer == NULL || !fits(&rules[kind], in.len))
        return false;

    struct body out = {answer->at + TORI_KEYS_HEAD, 0};
    enum tori_keys_status status = run(holder, kind, in, &out);
    holder->counts.refusals += status != TORI_KEYS_OK;
    memcpy(answer->at, request.at, TORI_KEYS_HEAD);
    answer->at[2] = (uint8_t)status;
    answer->len = TORI_KEYS_HEAD + out.len;
    tori_wipe(&holder->cx.random, sizeof(holder->cx.random));
    tori_arena_reset(holder->cx.arena);
    return true;
}
