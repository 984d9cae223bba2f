/* Buying or selling. Important only where policy says so (AUTH-05). */
#include "domain/operation/operation.h"

static const char *const side_words[] = {"buy", "sell", NULL};
static const char *const order_type_words[] = {"market", "limit", NULL};
static const struct tori_value_rule rules[] = {
    {.name = "side", .kind = TORI_VALUE_WORD, .words = side_words},
    {.name = "symbol", .kind = TORI_VALUE_TEXT, .min = 1, .max = 12},
    {.name = "quantity", .kind = TORI_VALUE_INT, .min = 1, .max = 1000000000},
    {.name = "order_type", .kind = TORI_VALUE_WORD, .words = order_type_words},
    {.name = "limit_price", .kind = TORI_VALUE_MONEY, .min = 1, .max = INT64_MAX, .optional = true},
    {.name = NULL},
};

const struct tori_operation_type tori_operation_order = {
    .version = 1,
    .rule = rules,
    .right = TORI_RIGHT_TRADE,
    .title = TORI_T_OPERATION_ORDER_TITLE,
    .warning = TORI_T_OPERATION_ORDER_WARNING,
    .notice = "order",
};
