/* Settings from one file: `name = value` lines, `#` comments. What is unknown, repeated, missing or
 * out of its limits stops the start, with file, line and reason. data/settings.def is the list. */
#ifndef TORI_BASE_SETTINGS_H
#define TORI_BASE_SETTINGS_H

#include "base/buf.h"
#include "base/ctx.h"

struct tori_settings {
#define TEXT(member, name, usual, doc) const char *member;
#define CHOICE(member, name, usual, choice, doc) const char *member;
#define NUMBER(member, name, usual, least, most, doc) int64_t member;
#define FLAG(member, name, usual, doc) bool member;
#include "settings.def"
#undef TEXT
#undef CHOICE
#undef NUMBER
#undef FLAG
};

enum { TORI_SETTINGS_FILE_MAX = 64 * 1024, TORI_SETTINGS_LINE_MAX = 2048, TORI_SETTINGS_WHY = 400 };

/* All texts live in cx->arena. On failure `why` says "FILE:LINE: reason", for people:
 * SETTING_BAD; a file that cannot be read: what tori_file_read says. */
TORI_RESULT tori_settings_read(struct tori_ctx *cx, const char *path, struct tori_settings *out,
                               char why[static TORI_SETTINGS_WHY]);
/* The same from memory; `path` only names it. */
TORI_RESULT tori_settings_parse(struct tori_ctx *cx, const char *path, struct tori_bytes text,
                                struct tori_settings *out, char why[static TORI_SETTINGS_WHY]);

/* The table as a page of the manual (Markdown). */
void tori_settings_describe(struct tori_buf *buf);

#endif
