/* Rows of the text table, which the build writes from text/ja.txt and text/en.txt. */
#ifndef TORI_BASE_TEXT_INT_H
#define TORI_BASE_TEXT_INT_H

#include "base/text.h"

struct tori_text_row {
    struct tori_str name;
    struct tori_str text[TORI_LANG_COUNT];
};
extern const struct tori_text_row tori_text_table[TORI_T_COUNT];

#endif
