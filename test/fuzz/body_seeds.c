/* Writes the seeds of the harness over all body tables: body_seeds FOLDER. For each endpoint one
 * body with what must be there and one with everything, made from its table. */
#include <stdio.h>
#include <sys/stat.h>

#include "test/fuzz/fuzz.h"

#include "http/endpoint.h"

static void put_table(struct tori_buf *buf, const struct tori_field *table, bool full);

static void put_letters(struct tori_buf *buf, int64_t n)
{
    tori_buf_byte(buf, '"');
    for (int64_t i = 0; i < n; i++)
        tori_buf_byte(buf, 'A');
    tori_buf_byte(buf, '"');
}

/* Some length within the limits, near the least. */
static int64_t length(const struct tori_field *field, bool full)
{
    int64_t more = full ? 3 : 0;
    return field->min + more > field->max ? field->min : field->min + more;
}

static void put_value(struct tori_buf *buf, const struct tori_field *field, bool full)
{
    switch (field->kind) {
    case TORI_FIELD_TEXT:
        put_letters(buf, length(field, full));
        return;
    case TORI_FIELD_B64U: /* 4 digits for 3 bytes; the rest of the last digit is zero */
        put_letters(buf, (length(field, full) * 4 + 2) / 3);
        return;
    case TORI_FIELD_ID:
        put_letters(buf, 24);
        return;
    case TORI_FIELD_INT:
        tori_buf_i64(buf, full ? field->max : field->min);
        return;
    case TORI_FIELD_BOOL:
        tori_buf_z(buf, full ? "true" : "false");
        return;
    case TORI_FIELD_TIME:
        tori_buf_z(buf, full ? "\"2026-11-20T05:06:07.890Z\"" : "\"2026-11-20T05:06:07Z\"");
        return;
    case TORI_FIELD_WORD:
        tori_buf_byte(buf, '"');
        tori_buf_z(buf, field->words[full && field->words[1] != NULL]);
        tori_buf_byte(buf, '"');
        return;
    case TORI_FIELD_OBJECT:
        put_table(buf, field->sub, full);
        return;
    case TORI_FIELD_LIST:
        tori_buf_byte(buf, '[');
        for (int64_t i = 0; i < length(field, full); i++) {
            tori_buf_z(buf, i > 0 ? "," : "");
            put_table(buf, field->sub, full);
        }
        tori_buf_byte(buf, ']');
        return;
    case TORI_FIELD_SET:
        tori_buf_byte(buf, '[');
        for (int64_t i = 0; i < length(field, full) && field->words[i] != NULL; i++)
            tori_buf_printf(buf, "%s\"%s\"", i > 0 ? "," : "", field->words[i]);
        tori_buf_byte(buf, ']');
        return;
    case TORI_FIELD_JSON:
        tori_buf_z(buf, "{");
        for (int64_t i = 0; i < length(field, full); i++)
            tori_buf_printf(buf, "%s\"m%lld\":[%lld]", i > 0 ? "," : "", (long long)i,
                            (long long)i);
        tori_buf_z(buf, "}");
        return;
    case TORI_FIELD_END:
        return;
    }
}

static void put_table(struct tori_buf *buf, const struct tori_field *table, bool full)
{
    bool first = true;

    tori_buf_byte(buf, '{');
    for (; table->kind != TORI_FIELD_END; table++) {
        if (table->optional && !full)
            continue;
        tori_buf_printf(buf, "%s\"%s\":", first ? "" : ",", table->name);
        put_value(buf, table, full);
        first = false;
    }
    tori_buf_byte(buf, '}');
}

static void save(struct tori_ctx *cx, const char *folder, const struct tori_endpoint_entry *entry,
                 bool full)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 64 * 1024);
    char path[4096];

    tori_buf_z(&buf, entry->name);
    tori_buf_byte(&buf, '\n');
    put_table(&buf, entry->endpoint->fields, full);
    assert(!buf.over);
    snprintf(path, sizeof(path), "%s/%s-%s", folder, entry->name, full ? "full" : "short");
    FILE *file = fopen(path, "wb");
    assert(file != NULL);
    assert(fwrite(buf.at, 1, buf.len, file) == buf.len);
    fclose(file);
}

int main(int argc, char **argv)
{
    struct tori_ctx *cx = fuzz_begin();

    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 1;
    }
    mkdir(argv[1], 0777);
    for (size_t i = 0; i < tori_endpoint_count; i++) {
        if (tori_endpoints[i].endpoint->fields == NULL)
            continue;
        tori_arena_reset(cx->arena);
        save(cx, argv[1], &tori_endpoints[i], false);
        save(cx, argv[1], &tori_endpoints[i], true);
    }
    return 0;
}
