/* Policy as data: numbers with names, bounds and defaults. A value in force comes from an approval
 * that two operators signed; without one the product's default holds. */
#include <string.h>

#include "domain/operation/operation.h"
#include "service/policy.h"

struct bound {
    const char *name; /* with a dot at its end: one value for each operation type */
    int64_t usual;
    int64_t least;
    int64_t most;
};

static const struct bound bounds[] = {
    {"cool_off_ms.", 72 * (int64_t)TORI_HOUR_MS, 0, 30 * TORI_DAY_MS},
    {"important.", -1, 0, 1},
};

static bool split(struct tori_str name, const struct bound **bound, struct tori_str *part)
{
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        struct tori_str head = tori_str_z(bounds[i].name);
        if (!tori_str_starts(name, head))
            continue;
        *bound = &bounds[i];
        *part = (struct tori_str){name.at + head.len, name.len - head.len};
        return true;
    }
    return false;
}

struct tori_result tori_policy_check(struct tori_ctx *cx, struct tori_str name, int64_t value)
{
    const struct bound *bound;
    struct tori_str part;

    if (!split(name, &bound, &part))
        return TORI_FAIL(cx, BAD_FIELD, tori_word("field", "name"));
    const struct tori_operation_entry *entry = tori_operation_named(part);
    if (entry == NULL || entry->type->ours)
        return TORI_FAIL(cx, BAD_FIELD, tori_word("field", "name"));
    if (value < bound->least || value > bound->most)
        return TORI_FAIL(cx, POLICY_BOUND, tori_i64("least", bound->least),
                         tori_i64("most", bound->most));
    /* AUTH-04: the three operations of the guideline cannot be taken off the list. */
    if (tori_str_eq(tori_str_z(bound->name), TORI_STR("important.")) && value == 0 &&
        entry->type->always_important)
        return TORI_FAIL(cx, POLICY_BOUND, tori_text("name", name));
    return TORI_OK;
}

static bool is_named(const struct tori_policy *policy, const char *name, struct tori_str part)
{
    struct tori_str head = tori_str_z(name);

    return policy->state < TORI_OVER && tori_str_starts(policy->name, head) &&
           tori_str_eq((struct tori_str){policy->name.at + head.len, policy->name.len - head.len},
                       part);
}

static bool in_force(const struct tori_ctx *cx, const char *name, struct tori_str part,
                     int64_t *out)
{
    const struct tori_aggregate *firm = cx->state->firm;

    for (size_t i = tori_policy_count(firm); i > 0; i--)
        if (is_named(tori_policy_at(firm, i - 1), name, part)) {
            *out = tori_policy_at(firm, i - 1)->value;
            return true;
        }
    return false;
}

int64_t tori_policy_cool_off_ms(const struct tori_ctx *cx, const struct tori_operation_entry *entry)
{
    int64_t value;

    if (in_force(cx, "cool_off_ms.", tori_str_z(entry->name), &value))
        return value;
    return entry->type->cools_off ? bounds[0].usual : 0;
}

bool tori_policy_important(const struct tori_ctx *cx, const struct tori_operation_entry *entry)
{
    int64_t value;

    if (entry->type->always_important)
        return true;
    if (in_force(cx, "important.", tori_str_z(entry->name), &value))
        return value != 0;
    return entry->type->important;
}

struct tori_result tori_policy_set(struct tori_ctx *cx, struct tori_str name, int64_t value,
                                   const struct tori_id *approval)
{
    struct tori_aggregate *firm = cx->state->firm;

    TORI_TRY(tori_policy_check(cx, name, value));
    for (size_t i = 0; i < tori_policy_count(firm); i++) {
        struct tori_policy old = *tori_policy_at(firm, i);
        if (old.state >= TORI_OVER || !tori_str_eq(old.name, name))
            continue;
        old.state = TORI_DISABLED;
        TORI_TRY(tori_policy_put(cx, firm, &old));
    }
    struct tori_policy row = {
        .id = tori_id_new(&cx->random, cx->now, 0),
        .name = name,
        .value = value,
        .approval_id = *approval,
        .state = TORI_ACTIVE,
        .created_at = cx->now,
    };
    return tori_policy_put(cx, firm, &row);
}
