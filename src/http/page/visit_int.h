/* The parts that the files of the visit page share. */
#ifndef TORI_HTTP_PAGE_VISIT_INT_H
#define TORI_HTTP_PAGE_VISIT_INT_H

#include "http/page/layout.h"

/* The element that web/visit.js looks for: which step, which interaction, how long it lives. */
void tori_visit_open(struct tori_ctx *cx, struct tori_html *h, const struct tori_view_visit *v,
                     const char *step);
/* Its end, and what belongs behind every step that needs a passkey. */
void tori_visit_close(struct tori_html *h, const struct tori_view_visit *v);
void tori_visit_cancel_button(struct tori_html *h, const struct tori_view_visit *v);

/* CODE and MAKE. */
void tori_visit_enrol(struct tori_ctx *cx, struct tori_html *h, const struct tori_view_visit *v);
enum tori_text_key tori_visit_make_title(const struct tori_view_visit *v);

/* Every way in which a visit can be over. */
void tori_visit_over(struct tori_html *h, const struct tori_view_visit *v);
enum tori_text_key tori_visit_over_title(const struct tori_view_visit *v);

#endif
