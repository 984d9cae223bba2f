/* What every page has around it, and the pages themselves as functions from a view to HTML. */
#ifndef TORI_HTTP_PAGE_LAYOUT_H
#define TORI_HTTP_PAGE_LAYOUT_H

#include "http/page/html.h"
#include "service/reply.h"

/* Where style sheets and modules are served: /web/torimori.css … */
#define TORI_PAGE_WEB "/web/"

struct tori_layout {
    const struct tori_view_frame *frame;
    enum tori_text_key title;
    const char *module; /* "visit.js", in web/; NULL: a page without script */
    bool wide;          /* lists and tables instead of one step */
};

/* Head, header and the begin of <main>; then what belongs in it; then the rest. end() closes the
 * page, sets the content type, and answers TOO_LARGE when the page did not fit. */
struct tori_html tori_layout_begin(struct tori_ctx *cx, struct tori_reply *out,
                                   const struct tori_layout *layout);
TORI_RESULT tori_layout_end(struct tori_ctx *cx, struct tori_reply *out,
                            const struct tori_layout *layout);

/* The two places where modules speak: what is going on, and what went wrong. */
void tori_layout_voices(struct tori_html *h);
/* Words for modules, in an inert <template>: one <p data-key="…"> each. Ends with TORI_T_COUNT. */
struct tori_layout_word {
    const char *name;
    enum tori_text_key key;
};
void tori_layout_words(struct tori_html *h, const struct tori_layout_word *words, size_t count);
/* The number of the support desk, large; nothing where none is set. */
void tori_layout_call(struct tori_html *h, const struct tori_view_frame *frame);
/* "Without script …": pages whose work is done by a module say so. */
void tori_layout_noscript(struct tori_html *h);
/* Explains what a browser without WebAuthn or authenticator can do; shown by the modules. */
void tori_layout_no_passkey(struct tori_html *h, const struct tori_view_frame *frame);

/* The finish functions of the page endpoints; each reads out->view, named by its struct. The visit
 * and the centre may have none: decide has sent the browser elsewhere. */
struct tori_result tori_page_visit(struct tori_ctx *cx, const void *in, struct tori_reply *out);
struct tori_result tori_page_centre(struct tori_ctx *cx, const void *in, struct tori_reply *out);
struct tori_result tori_page_start(struct tori_ctx *cx, const void *in, struct tori_reply *out);
struct tori_result tori_page_approvals(struct tori_ctx *cx, const void *in, struct tori_reply *out);
struct tori_result tori_page_desk(struct tori_ctx *cx, const void *in, struct tori_reply *out);

/* Throws away what was written and answers out->err as a page, with its status. */
struct tori_result tori_page_error(struct tori_ctx *cx, const struct tori_view_frame *frame,
                                   struct tori_reply *out);

#endif
