/* The proof side of an operation: its challenge, what follows when it is proved, and the notice. */
#include "base/hash.h"
#include "service/notice.h"
#include "service/operation.h"

static TORI_RESULT put_challenge(struct tori_ctx *cx, struct tori_aggregate *agg,
                                 struct tori_operation *row, const char *kind)
{
    struct tori_record record;

    TORI_TRY(tori_operation_put(cx, agg, row));
    tori_journal_begin(cx, kind, &record);
    tori_out_id(&record.entry.out, "operation", &row->id);
    return tori_journal_end(cx, &record, NULL);
}

struct tori_result tori_operation_renew_challenge(struct tori_ctx *cx, struct tori_aggregate *agg,
                                                  const struct tori_id *id)
{
    const struct tori_operation *found = tori_operation_find(agg, id);

    if (found == NULL)
        return TORI_FAIL(cx, OPERATION_UNKNOWN);
    if (found->expires_at <= cx->now)
        return TORI_FAIL(cx, OPERATION_EXPIRED);
    /* A visit asks soon after the operation was made: then its first challenge still serves. */
    if (found->challenge_until > cx->now + cx->app->challenge_ttl_ms / 2)
        return TORI_OK;
    struct tori_operation row = *found;
    tori_random_fill(&cx->random, row.nonce.at, sizeof(row.nonce.at));
    row.challenge_until = cx->now + cx->app->challenge_ttl_ms;
    return put_challenge(cx, agg, &row, "operation.challenged");
}

/* AUTH-27: after a wrong answer, too, a challenge is used up. */
struct tori_result tori_operation_spoil_challenge(struct tori_ctx *cx, struct tori_aggregate *agg,
                                                  const struct tori_id *id)
{
    const struct tori_operation *found = tori_operation_find(agg, id);

    if (found == NULL || found->challenge_until == 0)
        return TORI_OK;
    struct tori_operation row = *found;
    row.challenge_until = 0;
    row.nonce = (struct tori_hash){{0}};
    return put_challenge(cx, agg, &row, "operation.challenge_spoiled");
}

struct tori_result tori_operation_prove(struct tori_ctx *cx, struct tori_aggregate *agg,
                                        const struct tori_id *id,
                                        const struct tori_credential *credential,
                                        struct tori_operation *out)
{
    const struct tori_operation *found = tori_operation_find(agg, id);

    if (found == NULL)
        return TORI_FAIL(cx, OPERATION_UNKNOWN);
    *out = *found;
    if (out->expires_at <= cx->now)
        return TORI_FAIL(cx, OPERATION_EXPIRED);
    tori_err obstacle = tori_operation_obstacle(cx, agg, tori_user_find(agg, &out->user_id),
                                                tori_operation_named(out->type));
    out->credential_id = credential->id;
    out->decided_at = cx->now;
    out->challenge_until = 0;
    out->nonce = (struct tori_hash){{0}};
    if (obstacle != TORI_ERR_NONE) {
        out->reason = obstacle;
        return tori_operation_step(cx, out->state, TORI_OP_DENY, &out->state);
    }
    TORI_TRY(tori_operation_step(cx, out->state, TORI_OP_PROVE, &out->state));
    out->valid_until = cx->now + cx->app->allowed_valid_ms;
    return TORI_OK;
}

struct tori_result tori_operation_canonical(struct tori_ctx *cx, const struct tori_aggregate *agg,
                                            const struct tori_operation *row,
                                            struct tori_bytes *out)
{
    struct tori_column_place place = tori_place_in(agg, &row->id, "operation.sealed_canonical");
    return tori_column_open(cx, &place, row->sealed_canonical, out);
}

/* One value of the canonical form as the parameter of a message. */
static bool param_of(struct tori_ctx *cx, const struct tori_template_param *want,
                     const struct tori_canonical_line *line, struct tori_notify_param *out)
{
    struct tori_str text;
    size_t space = 0;

    if (!tori_str_eq(tori_str_z(want->name), line->name) ||
        TORI_FAILED(tori_canonical_text(cx, line->value, &text)))
        return false;
    while (space < text.len && text.at[space] != ' ')
        space++;
    int64_t number = 0;
    for (size_t i = tori_str_eq(line->kind, TORI_STR("money")) ? space + 1 : 0; i < text.len; i++)
        if (text.at[i] >= '0' && text.at[i] <= '9' && number < INT64_MAX / 10 - 9)
            number = number * 10 + (text.at[i] - '0');
    *out = (struct tori_notify_param){
        .name = want->name, .kind = want->kind, .text = text, .number = number};
    if (want->kind == TORI_NOTIFY_MONEY)
        out->text.len = space;
    if (want->kind == TORI_NOTIFY_TAIL)
        *out = tori_notify_tail(want->name, text);
    return true;
}

/* The form also names channel, customer and the like; only the type's own fields go into a
 * message. */
static bool is_field(const struct tori_operation_type *type, struct tori_str name)
{
    for (const struct tori_value_rule *rule = type->rule; rule->name != NULL; rule++)
        if (tori_str_eq(tori_str_z(rule->name), name))
            return true;
    return false;
}

enum { PARAMS_MAX = 12 };

/* The template names what it wants; the operation's own lines have it, the rest comes from here. */
static void fill_params(struct tori_ctx *cx, const struct tori_operation_type *type,
                        struct tori_bytes canonical, struct tori_notify_param *param)
{
    const struct tori_template *template = tori_template_find(tori_str_z(type->notice));
    size_t n = 0;

    for (const struct tori_template_param *want = template->param;
         want->name != NULL && n < PARAMS_MAX; want++) {
        struct tori_canonical_line line;
        for (size_t at = 0; tori_canonical_next(canonical, &at, &line);)
            if (is_field(type, line.name) && param_of(cx, want, &line, &param[n])) {
                n++;
                break;
            }
    }
    param[n] = (struct tori_notify_param){.name = NULL};
}

static bool wants(const struct tori_template *template, const char *name)
{
    for (const struct tori_template_param *want = template->param; want->name != NULL; want++)
        if (tori_str_eq(tori_str_z(want->name), tori_str_z(name)))
            return true;
    return false;
}

static void add_common(struct tori_ctx *cx, const struct tori_template *template,
                       const struct tori_operation *row, struct tori_notify_param *param)
{
    const struct tori_channel *channel = tori_channel_by_id(cx, &row->channel_id);
    size_t n = 0;

    while (param[n].name != NULL)
        n++;
    param[n++] = tori_notify_time("time", cx->now);
    if (wants(template, "channel"))
        param[n++] = tori_notify_text("channel", channel == NULL ? cx->app->firm_name[cx->lang]
                                                                 : channel->name);
    param[n] = (struct tori_notify_param){.name = NULL};
}

/* What asked: the customer's browser or app, as the channel tells of it, or the browser on our
 * page. */
static void add_device(struct tori_ctx *cx, const struct tori_template *template,
                       struct tori_str user_agent, struct tori_notify_param *param)
{
    size_t n = 0;

    if (!wants(template, "device"))
        return;
    while (param[n].name != NULL)
        n++;
    param[n++] = tori_notify_text("device", tori_notify_device_words(cx, user_agent));
    param[n] = (struct tori_notify_param){.name = NULL};
}

struct tori_result tori_operation_tell(struct tori_ctx *cx, struct tori_aggregate *agg,
                                       const struct tori_operation *row, struct tori_str user_agent)
{
    const struct tori_operation_entry *entry = tori_operation_named(row->type);
    struct tori_notify_param param[PARAMS_MAX + 4];
    struct tori_bytes canonical;

    if (entry->type->notice == NULL)
        return TORI_OK;
    const struct tori_template *template = tori_template_find(tori_str_z(entry->type->notice));
    TORI_TRY(tori_operation_canonical(cx, agg, row, &canonical));
    fill_params(cx, entry->type, canonical, param);
    add_common(cx, template, row, param);
    add_device(cx, template, user_agent, param);
    struct tori_tell tell = {
        .agg = agg,
        .user = tori_user_find(agg, &row->user_id),
        .template = entry->type->notice,
        .param = param,
        .operation_id = row->id,
        .session_id = row->session_id,
        .credential_id = row->credential_id,
    };
    return tori_notice_tell(cx, &tell);
}
