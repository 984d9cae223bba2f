#include "service/frame.h"

#include "domain/operation/operation.h"

struct tori_result tori_frame_of(struct tori_ctx *cx, const struct tori_session_now *now,
                                 struct tori_view_frame *out)
{
    *out = (struct tori_view_frame){
        .firm = cx->app->firm_name[cx->lang],
        .phone = cx->app->firm_phone,
        .operators = cx->caller->listener == TORI_LISTENER_OPERATOR,
        .demo = cx->app->demo,
    };
    if (now == NULL)
        return TORI_OK;
    struct tori_column_place place = tori_place_in(now->agg, &now->user->id, "user.sealed_name");
    struct tori_bytes name;
    TORI_TRY(tori_column_open(cx, &place, now->user->sealed_name, &name));
    out->person = tori_bytes_str(name);
    return TORI_OK;
}

/* "operation.field.amount"; false for lines that a page does not show. */
static bool find_text(const char *prefix, struct tori_str name, enum tori_text_key *out)
{
    char key[96];
    size_t n = 0;

    for (; prefix[n] != '\0'; n++)
        key[n] = prefix[n];
    if (name.len > sizeof(key) - n)
        return false;
    for (size_t i = 0; i < name.len; i++)
        key[n++] = name.at[i];
    return tori_text_find((struct tori_str){key, n}, out);
}

static int64_t number_of(struct tori_str text)
{
    int64_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] >= '0' && text.at[i] <= '9')
            n = n * 10 + (text.at[i] - '0'); /* written by us from an int64 */
    return n;
}

static TORI_RESULT fill_line(struct tori_ctx *cx, const struct tori_canonical_line *from,
                             struct tori_view_line *line)
{
    TORI_TRY(tori_canonical_text(cx, from->value, &line->text));
    if (tori_str_eq(from->kind, TORI_STR("money"))) {
        line->kind = TORI_LINE_MONEY;
        line->number = number_of((struct tori_str){line->text.at + 4, line->text.len - 4});
        line->text.len = 3;
    }
    if (tori_str_eq(from->kind, TORI_STR("int"))) {
        line->kind = TORI_LINE_NUMBER;
        line->number = number_of(line->text);
    }
    if (tori_str_eq(from->kind, TORI_STR("word")) &&
        find_text("operation.word.", line->text, &line->word))
        line->kind = TORI_LINE_WORD;
    return TORI_OK;
}

static void set_type(struct tori_str name, struct tori_view_operation *out)
{
    const struct tori_operation_entry *entry = tori_operation_named(name);

    if (entry == NULL)
        return;
    out->title = entry->type->title;
    out->warning = entry->type->warning;
}

struct tori_result tori_frame_operation(struct tori_ctx *cx, struct tori_bytes canonical,
                                        struct tori_view_operation *out)
{
    struct tori_canonical_line from;
    struct tori_view_line *line;
    size_t n = 0;

    TORI_TRY(tori_take(cx, TORI_VALUES_MAX * sizeof(*line), &line));
    *out = (struct tori_view_operation){.lines = line};
    for (size_t at = 0; tori_canonical_next(canonical, &at, &from);) {
        if (tori_str_eq(from.name, TORI_STR("type")))
            set_type(from.value, out);
        if (tori_str_eq(from.name, TORI_STR("account")))
            TORI_TRY(tori_canonical_text(cx, from.value, &out->account));
        if (n == TORI_VALUES_MAX || !find_text("operation.field.", from.name, &line[n].label))
            continue;
        TORI_TRY(fill_line(cx, &from, &line[n]));
        n++;
    }
    out->line_count = n;
    return TORI_OK;
}
