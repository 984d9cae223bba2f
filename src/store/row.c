#include <string.h>

#include "store/store_int.h"

struct tori_cell tori_cell_int(int64_t number)
{
    return (struct tori_cell){.kind = TORI_CELL_INT, .number = number};
}

/* Both engines take a NULL pointer for NULL, whatever its length. */
struct tori_cell tori_cell_bytes(struct tori_bytes bytes)
{
    if (bytes.len == 0)
        bytes.at = (const uint8_t *)"";
    return (struct tori_cell){.kind = TORI_CELL_BYTES, .bytes = bytes};
}

struct tori_cell tori_cell_text(struct tori_str text)
{
    struct tori_cell cell = tori_cell_bytes(tori_str_bytes(text));
    cell.kind = TORI_CELL_TEXT;
    return cell;
}

static struct tori_cell cell_of(const struct tori_column *column, const void *row)
{
    const uint8_t *at = (const uint8_t *)row + column->offset;
    int64_t number;
    struct tori_bytes bytes;
    struct tori_str text;
    bool flag;

    switch (column->kind) {
    case TORI_COLUMN_INT:
    case TORI_COLUMN_TIME:
        memcpy(&number, at, sizeof(number));
        return tori_cell_int(number);
    case TORI_COLUMN_FLAG:
        memcpy(&flag, at, sizeof(flag));
        return tori_cell_int(flag);
    case TORI_COLUMN_ID:
        return tori_cell_bytes((struct tori_bytes){at, sizeof(struct tori_id)});
    case TORI_COLUMN_HASH:
    case TORI_COLUMN_HANDLE:
        return tori_cell_bytes((struct tori_bytes){at, sizeof(struct tori_hash)});
    case TORI_COLUMN_BYTES:
        memcpy(&bytes, at, sizeof(bytes));
        return tori_cell_bytes(bytes);
    case TORI_COLUMN_TEXT:
        memcpy(&text, at, sizeof(text));
        return tori_cell_text(text);
    }
    return (struct tori_cell){.kind = TORI_CELL_OTHER};
}

void tori_row_cells(const struct tori_table_def *table, const void *row, struct tori_cell *out)
{
    for (size_t i = 0; i < table->count; i++)
        out[i] = cell_of(&table->column[i], row);
}

static bool storable(const struct tori_cell *cell)
{
    if (cell->kind == TORI_CELL_INT)
        return true;
    if (cell->bytes.len > TORI_VALUE_MAX)
        return false;
    return cell->kind == TORI_CELL_BYTES || tori_utf8_valid(cell->bytes);
}

/* SQLite would keep a NUL or a broken sequence, PostgreSQL would refuse it: here both refuse. */
struct tori_result tori_row_check(struct tori_ctx *cx, const struct tori_table_def *table,
                                  const void *row)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct tori_column *column = &table->column[i];
        if (column->kind != TORI_COLUMN_TEXT && column->kind != TORI_COLUMN_BYTES)
            continue;
        struct tori_cell cell = cell_of(column, row);
        if (!storable(&cell))
            return TORI_FAIL(cx, STORE_REFUSED, tori_word("table", table->name),
                             tori_word("column", column->name), tori_u64("length", cell.bytes.len));
    }
    return TORI_OK;
}

/* The value that a cell brings for a column: its bytes and their number; false when it is none. */
static bool fill(const struct tori_column *column, const struct tori_cell *cell, uint8_t *to)
{
    bool is_blob = cell->kind == TORI_CELL_BYTES;
    struct tori_str text = tori_bytes_str(cell->bytes);
    bool flag = cell->number == 1;

    switch (column->kind) {
    case TORI_COLUMN_INT:
    case TORI_COLUMN_TIME:
        memcpy(to, &cell->number, sizeof(cell->number));
        return cell->kind == TORI_CELL_INT;
    case TORI_COLUMN_FLAG:
        memcpy(to, &flag, sizeof(flag));
        return cell->kind == TORI_CELL_INT && (cell->number == 0 || cell->number == 1);
    case TORI_COLUMN_ID:
        if (!is_blob || cell->bytes.len != sizeof(struct tori_id))
            return false;
        memcpy(to, cell->bytes.at, sizeof(struct tori_id));
        return true;
    case TORI_COLUMN_HASH:
    case TORI_COLUMN_HANDLE:
        if (!is_blob || cell->bytes.len != sizeof(struct tori_hash))
            return false;
        memcpy(to, cell->bytes.at, sizeof(struct tori_hash));
        return true;
    case TORI_COLUMN_BYTES:
        memcpy(to, &cell->bytes, sizeof(cell->bytes));
        return is_blob;
    case TORI_COLUMN_TEXT:
        memcpy(to, &text, sizeof(text));
        return cell->kind == TORI_CELL_TEXT;
    }
    return false;
}

struct tori_result tori_row_fill(struct tori_ctx *cx, const struct tori_table_def *table,
                                 const struct tori_cell *cell, size_t count, void *row)
{
    if (count != table->count)
        return TORI_FAIL(cx, STORE_DATA, tori_word("table", table->name),
                         tori_u64("columns", count));
    for (size_t i = 0; i < count; i++)
        if (!fill(&table->column[i], &cell[i], (uint8_t *)row + table->column[i].offset))
            return TORI_FAIL(cx, STORE_DATA, tori_word("table", table->name),
                             tori_word("column", table->column[i].name));
    return TORI_OK;
}
