#include "service/credential.h"

#include <string.h>

#include "base/hash.h"
#include "codec/base64url.h"
#include "service/facts.h"
#include "service/notice.h"

static const char code_digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static struct tori_hash hash_code(const struct tori_aggregate *agg, struct tori_str digits)
{
    return tori_hmac_sha256(&agg->data_key, tori_str_bytes(digits));
}

struct tori_result tori_enrol_code_new(struct tori_ctx *cx, const struct tori_aggregate *agg,
                                       struct tori_str *text, struct tori_hash *hash)
{
    uint8_t random[TORI_ENROL_CODE_DIGITS];
    char digits[TORI_ENROL_CODE_DIGITS];
    struct tori_buf buf = tori_buf_new(cx->arena, 16);

    tori_random_fill(&cx->random, random, sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++)
        digits[i] = code_digits[random[i] & 31];
    *hash = hash_code(agg, (struct tori_str){digits, sizeof(digits)});
    tori_buf_bytes(&buf, digits, sizeof(digits) / 2);
    tori_buf_byte(&buf, '-');
    tori_buf_bytes(&buf, digits + sizeof(digits) / 2, sizeof(digits) / 2);
    tori_wipe(digits, sizeof(digits));
    tori_wipe(random, sizeof(random));
    TORI_TRY(tori_buf_done(cx, &buf));
    *text = tori_buf_text(&buf);
    return TORI_OK;
}

/* As people type it: small letters, spaces, hyphens, O for 0, I and L for 1. */
static bool normal_form(struct tori_str typed, char out[static TORI_ENROL_CODE_DIGITS])
{
    size_t n = 0;

    for (size_t i = 0; i < typed.len; i++) {
        char c = typed.at[i];
        if (c == ' ' || c == '-')
            continue;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 32);
        c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
        if (n == TORI_ENROL_CODE_DIGITS || c == '\0' || strchr(code_digits, c) == NULL)
            return false;
        out[n++] = c;
    }
    return n == TORI_ENROL_CODE_DIGITS;
}

struct tori_result tori_enrol_open(struct tori_ctx *cx, struct tori_aggregate *agg,
                                   const struct tori_enrol_window *window)
{
    for (size_t i = 0; i < tori_enrol_window_count(agg); i++) {
        struct tori_enrol_window old = *tori_enrol_window_at(agg, i);
        if (old.state >= TORI_OVER || !tori_id_eq(&old.user_id, &window->user_id))
            continue;
        old.state = TORI_WINDOW_REPLACED;
        TORI_TRY(tori_enrol_window_put(cx, agg, &old));
    }
    return tori_enrol_window_put(cx, agg, window);
}

struct tori_result tori_enrol_code_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_enrol_code *code = in;
    struct tori_visit_ask ask;

    TORI_TRY(tori_visit_prepare(cx, &ask));
    code->visit = ask.id;
    return TORI_OK;
}

static const struct tori_enrol_window *window_of(const struct tori_ctx *cx,
                                                 const struct tori_aggregate *agg,
                                                 const struct tori_id *user)
{
    for (size_t i = tori_enrol_window_count(agg); i > 0; i--) {
        const struct tori_enrol_window *window = tori_enrol_window_at(agg, i - 1);
        if (window->state < TORI_OVER && window->expires_at > cx->now &&
            tori_id_eq(&window->user_id, user))
            return window;
    }
    return NULL;
}

static TORI_RESULT note_window(struct tori_ctx *cx, const struct tori_enrol_window *window,
                               const char *kind)
{
    struct tori_record record;

    tori_journal_begin(cx, kind, &record);
    tori_out_id(&record.entry.out, "window", &window->id);
    tori_out_id(&record.entry.out, "user", &window->user_id);
    tori_out_int(&record.entry.out, "tries", window->tries);
    return tori_journal_end(cx, &record, NULL);
}

/* A wrong code counts, and the fifth closes the window for good. On the operators' host nobody has
 * said yet who he is, so the answer does not tell the fifth from any other. */
static TORI_RESULT count_wrong(struct tori_ctx *cx, struct tori_aggregate *agg,
                               struct tori_enrol_window *window, struct tori_reply *out)
{
    window->tries++;
    if (window->tries >= TORI_ENROL_TRIES)
        window->state = TORI_WINDOW_SPENT;
    TORI_TRY(tori_enrol_window_put(cx, agg, window));
    TORI_TRY(note_window(cx, window, "enrol.code_wrong"));
    bool tells = cx->caller->listener != TORI_LISTENER_OPERATOR;
    tori_reply_problem(cx, out,
                       tells && window->state == TORI_WINDOW_SPENT ? TORI_ERR_ENROL_CODE_SPENT
                                                                   : TORI_ERR_ENROL_CODE_WRONG);
    return TORI_OK;
}

static bool code_fits(const struct tori_aggregate *agg, const struct tori_enrol_window *window,
                      struct tori_str typed)
{
    char digits[TORI_ENROL_CODE_DIGITS] = {0};
    bool readable = normal_form(typed, digits);
    struct tori_hash hash = hash_code(agg, (struct tori_str){digits, sizeof(digits)});

    return tori_ct_eq(&hash, &window->code_hash, sizeof(hash)) && readable;
}

struct tori_result tori_enrol_code_decide(struct tori_ctx *cx, const void *in,
                                          struct tori_reply *out)
{
    const struct tori_enrol_code *code = in;
    const unsigned states = 1u << TORI_VISIT_OPENED | 1u << TORI_VISIT_BOUND;
    struct tori_lobby_visit *visit;

    TORI_TRY(tori_visit_of_browser(cx, &code->visit, states, &visit));
    if (visit->purpose != TORI_PURPOSE_ENROL)
        return TORI_FAIL(cx, INTERACTION_STATE);
    TORI_TRY(tori_visit_bind(cx, visit, out));
    struct tori_aggregate *agg = tori_visit_aggregate(cx, visit);
    const struct tori_enrol_window *open = window_of(cx, agg, &visit->user_id);
    struct tori_enrol_window window = open == NULL ? (struct tori_enrol_window){.state = 0} : *open;
    bool fits = code_fits(agg, &window, code->code);
    /* On the operators' host nobody has said yet who he is: unknown and closed answer alike. */
    if (open == NULL && visit->listener == TORI_LISTENER_OPERATOR)
        return TORI_FAIL(cx, ENROL_CODE_WRONG);
    if (open == NULL)
        return TORI_FAIL(cx, ENROL_CLOSED);
    if (!fits)
        return count_wrong(cx, agg, &window, out);
    window.state = TORI_WINDOW_UNLOCKED;
    window.interaction_id = visit->id;
    TORI_TRY(tori_enrol_window_put(cx, agg, &window));
    TORI_TRY(note_window(cx, &window, "enrol.code_accepted"));
    TORI_TRY(tori_visit_step(cx, visit->state, TORI_VISIT_AGREE, &visit->state));
    return tori_visit_write_challenge(cx, visit, out);
}

static TORI_RESULT check_new(struct tori_ctx *cx, struct tori_bytes credential_id)
{
    struct tori_credential_fact known;
    struct tori_result r = tori_facts_credential(cx, credential_id, &known);

    if (r.err == TORI_ERR_CREDENTIAL_UNKNOWN)
        return TORI_OK;
    TORI_TRY(r);
    tori_verify_key_free(known.key);
    /* WebAuthn L3 §7.1 step 26 */
    return TORI_FAIL(cx, CREDENTIAL_EXISTS);
}

static TORI_RESULT attest(struct tori_ctx *cx, struct tori_enrol *enrol)
{
    TORI_TRY(tori_webauthn_challenge_of(cx, enrol->registration.response.client_data,
                                        &enrol->challenge));
    struct tori_expected expected = {&tori_realm_of(cx)->rp, enrol->challenge};
    TORI_TRY(tori_webauthn_register(cx, &expected, &enrol->registration, &enrol->attested));
    return check_new(cx, enrol->attested.credential_id);
}

struct tori_result tori_enrol_prepare(struct tori_ctx *cx, void *in)
{
    struct tori_enrol *enrol = in;
    struct tori_visit_ask ask;

    if (enrol->registration.label.len == 0)
        return TORI_FAIL(cx, MISSING_FIELD, tori_word("field", "label"));
    TORI_TRY(tori_visit_prepare(cx, &ask));
    enrol->visit = ask.id;
    struct tori_result r = attest(cx, enrol);
    if (TORI_FAILED(r) && tori_err_status(r.err) >= 500)
        return r;
    enrol->err = r.err;
    enrol->failure = cx->failure;
    return TORI_OK;
}

/* Who logged out everywhere between the proof and the new key has taken his agreement back. */
static TORI_RESULT require_session(struct tori_ctx *cx, const struct tori_aggregate *agg,
                                   const struct tori_id *id)
{
    const struct tori_session *session = tori_session_find(agg, id);

    if (session == NULL || !tori_session_lives(cx, agg, session))
        return TORI_FAIL(cx, NO_SESSION);
    return TORI_OK;
}

/* Registration is let in by a window whose code was given in this very visit, or by an operation
 * that an existing credential proved in it. */
static TORI_RESULT close_entrance(struct tori_ctx *cx, struct tori_aggregate *agg,
                                  const struct tori_lobby_visit *visit)
{
    if (visit->purpose == TORI_PURPOSE_CONFIRM) {
        struct tori_operation operation = *tori_operation_find(agg, &visit->operation_id);
        if (operation.valid_until + cx->app->operation_ttl_ms <= cx->now)
            return TORI_FAIL(cx, OPERATION_EXPIRED);
        TORI_TRY(require_session(cx, agg, &operation.session_id));
        TORI_TRY(tori_operation_step(cx, operation.state, TORI_OP_REDEEM, &operation.state));
        return tori_operation_put(cx, agg, &operation);
    }
    const struct tori_enrol_window *open = window_of(cx, agg, &visit->user_id);
    if (open == NULL || open->state != TORI_WINDOW_UNLOCKED ||
        !tori_id_eq(&open->interaction_id, &visit->id))
        return TORI_FAIL(cx, ENROL_CLOSED);
    struct tori_enrol_window window = *open;
    window.state = TORI_WINDOW_USED;
    return tori_enrol_window_put(cx, agg, &window);
}

static TORI_RESULT insert(struct tori_ctx *cx, struct tori_aggregate *agg,
                          const struct tori_enrol *enrol, const struct tori_lobby_visit *visit,
                          struct tori_credential *row)
{
    const struct tori_attested *a = &enrol->attested;
    struct tori_credential_route route = {.credential_hash = tori_sha256(a->credential_id),
                                          .customer_id = agg->customer_id,
                                          .user_id = visit->user_id};

    if (tori_lobby_claim(cx->state->lobby, &route.credential_hash))
        return TORI_FAIL(cx, CREDENTIAL_EXISTS);
    *row = (struct tori_credential){
        .customer_id = agg->customer_id,
        .id = tori_id_new(&cx->random, cx->now, tori_id_bucket(&agg->customer_id)),
        .user_id = visit->user_id,
        .credential_id = a->credential_id,
        .public_key = a->public_key,
        .alg = a->alg,
        .aaguid = {a->aaguid, sizeof(a->aaguid)},
        .format = a->format,
        .attested = tori_attestation_worth(&a->attestation),
        .transports = a->transports,
        .backup_eligible = a->backup_eligible,
        .backed_up = a->backed_up,
        .sign_count = a->sign_count,
        .label = enrol->registration.label,
        .state = TORI_CREDENTIAL_ACTIVE,
        .created_at = cx->now,
    };
    route.credential_row = row->id;
    TORI_TRY(tori_credential_put(cx, agg, row));
    return tori_credential_route_insert(cx, &route);
}

/* The cool-off runs from the newest credential that a code let in: proofing and a letter are a
 * weaker start than an existing passkey. One that an existing passkey agreed to does not start it
 * anew. */
static TORI_RESULT start_clock(struct tori_ctx *cx, struct tori_aggregate *agg,
                               const struct tori_lobby_visit *visit)
{
    struct tori_user user = *tori_user_find(agg, &visit->user_id);

    if (visit->purpose != TORI_PURPOSE_ENROL)
        return TORI_OK;
    user.first_credential_at = cx->now;
    return tori_user_put(cx, agg, &user);
}

static TORI_RESULT record_new(struct tori_ctx *cx, const struct tori_enrol *enrol,
                              const struct tori_credential *row)
{
    struct tori_record record;

    tori_journal_begin(cx, "credential.added", &record);
    tori_out_id(&record.entry.out, "credential", &row->id);
    tori_out_id(&record.entry.out, "user", &row->user_id);
    tori_out_int(&record.entry.out, "alg", row->alg);
    tori_out_text(&record.entry.out, "format", row->format);
    tori_out_bool(&record.entry.out, "synced", row->backup_eligible);
    TORI_TRY(
        tori_journal_body(cx, &record, "client_data", enrol->registration.response.client_data));
    TORI_TRY(tori_journal_body(cx, &record, "attestation",
                               enrol->registration.response.attestation_object));
    return tori_journal_end(cx, &record, NULL);
}

static TORI_RESULT tell_added(struct tori_ctx *cx, struct tori_aggregate *agg,
                              const struct tori_credential *row)
{
    struct tori_notify_param param[] = {
        tori_notify_time("time", cx->now),
        tori_notify_text("label", row->label),
        tori_notice_device(cx),
        TORI_NOTIFY_END,
    };
    struct tori_tell tell = {
        .agg = agg,
        .user = tori_user_find(agg, &row->user_id),
        .template = "credential_added",
        .param = param,
        .credential_id = row->id,
    };
    return tori_notice_tell(cx, &tell);
}

static TORI_RESULT enrol_now(struct tori_ctx *cx, struct tori_lobby_visit *visit,
                             const struct tori_enrol *enrol, struct tori_reply *out)
{
    static const struct tori_id no_session;
    struct tori_aggregate *agg = tori_visit_aggregate(cx, visit);
    struct tori_credential row;
    struct tori_hash expected;

    if (enrol->err != TORI_ERR_NONE) {
        cx->failure = enrol->failure;
        return (struct tori_result){enrol->err};
    }
    TORI_TRY(tori_visit_expected(cx, visit, &expected));
    /* WebAuthn L3 §7.1 step 8 */
    if (!tori_bytes_eq(enrol->challenge, tori_hash_bytes(&expected)))
        return TORI_FAIL(cx, PROOF_CHALLENGE);
    TORI_TRY(tori_require_evidence(cx));
    TORI_TRY(tori_require_unlocked(cx, agg));
    TORI_TRY(close_entrance(cx, agg, visit));
    TORI_TRY(insert(cx, agg, enrol, visit, &row));
    TORI_TRY(start_clock(cx, agg, visit));
    TORI_TRY(record_new(cx, enrol, &row));
    if (agg != cx->state->firm)
        TORI_TRY(tell_added(cx, agg, &row));
    tori_reply_id(out, "credential", &row.id);
    tori_reply_bool(out, "synced", row.backup_eligible);
    return tori_visit_prove(cx, visit, agg, &no_session, out);
}

struct tori_result tori_enrol_decide(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    const struct tori_enrol *enrol = in;
    struct tori_lobby_visit *visit;

    TORI_TRY(tori_visit_of_browser(cx, &enrol->visit, 1u << TORI_VISIT_AGREED, &visit));
    struct tori_result r = enrol_now(cx, visit, enrol, out);
    if (TORI_FAILED(r))
        visit->nonce = (struct tori_hash){{0}};
    return r;
}

struct tori_result tori_credential_withdraw(struct tori_ctx *cx, struct tori_aggregate *agg,
                                            const struct tori_credential *credential,
                                            enum tori_credential_state state, const char *by)
{
    struct tori_credential next = *credential;
    struct tori_notify_param param[] = {
        tori_notify_time("time", cx->now),
        tori_notify_text("label", credential->label),
        tori_notify_word("by", by),
        TORI_NOTIFY_END,
    };
    struct tori_tell tell = {
        .agg = agg,
        .user = tori_user_find(agg, &credential->user_id),
        .template = "credential_removed",
        .param = param,
        .credential_id = credential->id,
    };

    next.state = state;
    TORI_TRY(tori_credential_put(cx, agg, &next));
    return tori_notice_tell(cx, &tell);
}

struct tori_result tori_credential_remove_proved(struct tori_ctx *cx, struct tori_aggregate *agg,
                                                 const struct tori_operation *operation)
{
    struct tori_canonical_line line;
    struct tori_bytes canonical;
    struct tori_id id = {{0}};

    TORI_TRY(tori_operation_canonical(cx, agg, operation, &canonical));
    for (size_t at = 0; tori_canonical_next(canonical, &at, &line);)
        if (tori_str_eq(line.name, TORI_STR("credential")))
            TORI_TRY(tori_id_parse(cx, line.value, &id));
    const struct tori_credential *credential = tori_credential_find(agg, &id);
    if (credential == NULL || credential->state >= TORI_OVER ||
        !tori_id_eq(&credential->user_id, &operation->user_id))
        return TORI_FAIL(cx, CREDENTIAL_UNKNOWN);
    /* ENROL-02: the last one goes by new proofing only, or nobody could log in to add another. */
    if (tori_active_credentials(agg, &operation->user_id) < 2)
        return TORI_FAIL(cx, NOT_PERMITTED);
    struct tori_operation done = *operation;
    TORI_TRY(tori_operation_step(cx, done.state, TORI_OP_REDEEM, &done.state));
    TORI_TRY(tori_operation_put(cx, agg, &done));
    return tori_credential_withdraw(cx, agg, credential, TORI_CREDENTIAL_REMOVED, "self");
}
