/* Stored parameters of a message: whatever they hold, what is rendered has the template's lines and
 * no more, and no value that could be taken for a link. The first byte chooses template and
 * language. */
#include "test/fuzz/fuzz.h"

#include "domain/notify/notify.h"

static size_t lines_of(struct tori_str text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.len; i++)
        n += text.at[i] == '\n';
    return n;
}

static void check_values(const struct tori_template *template, const struct tori_text_arg *args)
{
    for (; args->name != NULL; args++)
        for (const struct tori_template_param *p = template->param; p->name != NULL; p++)
            if (p->kind == TORI_NOTIFY_TEXT && strcmp(p->name, args->name) == 0)
                assert(!tori_notify_link_in(args->value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();

    if (tori_utf8_valid((struct tori_bytes){data, size}))
        (void)tori_notify_link_in((struct tori_str){(const char *)data, size});
    if (size < 1)
        return 0;
    const struct tori_template *template = &tori_templates[(data[0] >> 1) % tori_template_count];
    struct tori_notify_reader reader = {data[0] & 1 ? TORI_EN : TORI_JA, TORI_STR("Mihon")};
    struct tori_str name = tori_str_z(template->name);
    struct tori_bytes json = {data + 1, size - 1};
    const struct tori_text_arg *args;
    struct tori_message message;

    if (TORI_FAILED(tori_notify_params_read(cx, name, &reader, json, &args)))
        return 0;
    check_values(template, args);
    if (TORI_FAILED(tori_notify_render(cx, name, reader.lang, args, &message)))
        return 0;
    assert(tori_utf8_valid(tori_str_bytes(message.body)));
    assert(lines_of(message.subject) == 1);
    assert(lines_of(message.body) <= lines_of(template->body[reader.lang]));
    return 0;
}
