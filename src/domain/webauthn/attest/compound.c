/* Several statements about one credential (WebAuthn L3 §8.9). None of them may be compound
 * again. */
#include "domain/webauthn/attest/attest.h"

enum { LEAST_MEMBERS = 2, MOST_MEMBERS = 8 };

/* Every member is {fmt, attStmt}, of a format that is not compound and, by rule, not there
 * twice. */
static struct tori_result read_members(struct tori_ctx *cx, const struct tori_attest_input *input,
                                       struct tori_attest_input member[static MOST_MEMBERS])
{
    const struct tori_cbor *list = input->statement;

    if (list->kind != TORI_CBOR_LIST || list->count < LEAST_MEMBERS || list->count > MOST_MEMBERS)
        return tori_attest_invalid(cx, input, "number of members");
    for (size_t i = 0; i < list->count; i++) {
        const struct tori_cbor *fmt = tori_cbor_get(&list->item[i], TORI_STR("fmt"));
        const struct tori_cbor *statement = tori_cbor_get(&list->item[i], TORI_STR("attStmt"));
        if (fmt == NULL || fmt->kind != TORI_CBOR_TEXT || statement == NULL ||
            list->item[i].count != 2)
            return tori_attest_invalid(cx, input, "member");
        if (tori_str_eq(fmt->text, input->format))
            return tori_attest_invalid(cx, input, "compound in compound");
        for (size_t k = 0; k < i && !input->rules->compound_repeats; k++) {
            if (tori_str_eq(member[k].format, fmt->text))
                return tori_attest_invalid(cx, input, "a format twice");
        }
        member[i] = *input;
        member[i].format = fmt->text;
        member[i].statement = statement;
    }
    return TORI_OK;
}

/* What counts for more stays. */
static void keep_better(const struct tori_attestation_facts *found, unsigned good,
                        struct tori_attestation_facts *best)
{
    if (good == 0 || tori_attestation_worth(found) > tori_attestation_worth(best))
        *best = *found;
}

static struct tori_result verify(struct tori_ctx *cx, const struct tori_attest_input *input,
                                 struct tori_attestation_facts *out)
{
    struct tori_attest_input member[MOST_MEMBERS];
    struct tori_attestation_facts found;
    unsigned good = 0;

    TORI_TRY(read_members(cx, input, member));
    /* WebAuthn L3 §8.9 verification step 1 */
    for (size_t i = 0; i < input->statement->count; i++) {
        struct tori_result result = tori_attest_verify(cx, &member[i], &found);
        if (input->rules->compound_any && tori_attest_is_refusal(result))
            continue;
        TORI_TRY(result);
        keep_better(&found, good++, out);
    }
    /* WebAuthn L3 §8.9 verification step 2 */
    return good > 0 ? TORI_OK : tori_attest_invalid(cx, input, "no good member");
}

const struct tori_attest_format tori_attest_compound = {
    .fmt = TORI_STR_INIT("compound"),
    .verify = verify,
};
