/* Published test vectors. They are no part of the product: a test that does not find them is
 * skipped (exit 77), one that finds them broken or short fails. */
#ifndef TORI_TEST_VECTORS_H
#define TORI_TEST_VECTORS_H

#include <jansson.h>

#include "test/unit/hex.h"

enum { VECTORS_SKIPPED = 77 };

/* The file below TORIMORI_VECTORS, or below `folder`, its default place. False: not there, and the
 * one line that says so is printed. Ends the process when the file is there but is not JSON. */
bool vectors_load(const char *folder, const char *file, json_t **out);

/* Members of a vector; a missing one fails the test. */
struct tori_str vectors_text(const json_t *vector, const char *name);
struct tori_bytes vectors_b64u(struct tori_ctx *cx, const json_t *vector, const char *name);
struct tori_bytes vectors_hex(struct tori_ctx *cx, const json_t *vector, const char *name);
bool vectors_flag(const json_t *vector, const char *name); /* false when absent */
/* A list of texts; none when absent. */
size_t vectors_texts(struct tori_ctx *cx, const json_t *vector, const char *name,
                     const struct tori_str **out);

#endif
