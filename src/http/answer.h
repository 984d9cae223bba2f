/* Answer tables: what a success of an endpoint holds, by the same kinds as body tables. Nothing is
 * read by them: they make the answers' part of the OpenAPI document, and the transcripts of
 * test/api hold every answer against it. */
#ifndef TORI_HTTP_ANSWER_H
#define TORI_HTTP_ANSWER_H

#include "codec/fields.h"

/* Without min and max no limit is printed. */
#define TORI_SAYS(kind_, name_)                                                                    \
    {                                                                                              \
        .name = name_, .kind = TORI_FIELD_##kind_                                                  \
    }
#define TORI_MAY_SAY(kind_, name_)                                                                 \
    {                                                                                              \
        .name = name_, .kind = TORI_FIELD_##kind_, .optional = true                                \
    }
#define TORI_SAYS_WORD(name_, words_)                                                              \
    {                                                                                              \
        .name = name_, .kind = TORI_FIELD_WORD, .words = words_                                    \
    }
#define TORI_MAY_SAY_WORD(name_, words_)                                                           \
    {                                                                                              \
        .name = name_, .kind = TORI_FIELD_WORD, .words = words_, .optional = true                  \
    }
#define TORI_SAYS_SET(name_, words_)                                                               \
    {                                                                                              \
        .name = name_, .kind = TORI_FIELD_SET, .words = words_                                     \
    }
#define TORI_MAY_SAY_SET(name_, words_)                                                            \
    {                                                                                              \
        .name = name_, .kind = TORI_FIELD_SET, .words = words_, .optional = true                   \
    }
#define TORI_SAYS_SUB(kind_, name_, sub_)                                                          \
    {                                                                                              \
        .name = name_, .kind = TORI_FIELD_##kind_, .sub = sub_                                     \
    }
#define TORI_MAY_SAY_SUB(kind_, name_, sub_)                                                       \
    {                                                                                              \
        .name = name_, .kind = TORI_FIELD_##kind_, .sub = sub_, .optional = true                   \
    }

/* Those that several endpoints give. */
extern const struct tori_field tori_answer_next[];      /* where the page goes from here */
extern const struct tori_field tori_answer_approval[];  /* what now waits for signatures */
extern const struct tori_field tori_answer_challenge[]; /* options for the browser */
extern const struct tori_field tori_answer_operation[];
extern const struct tori_field tori_answer_session[]; /* `active` false: nothing else is said */

#endif
