/* What the page hands to navigator.credentials: WebAuthn L3 §5.1.9 and §5.1.10, the JSON forms of
 * the options: WebAuthn L3 §7.1 step 1 and WebAuthn L3 §7.2 step 1. */
#include "domain/webauthn/webauthn.h"

static void write_transports(struct tori_json_out *out, struct tori_str transports)
{
    tori_out_list(out, "transports");
    for (size_t from = 0, i = 0; i <= transports.len; i++) {
        if (i < transports.len && transports.at[i] != ',')
            continue;
        tori_out_item(out);
        tori_buf_json_str(out->buf, (struct tori_str){transports.at + from, i - from});
        from = i + 1;
    }
    tori_out_list_end(out);
}

static void write_descriptors(struct tori_json_out *out, const char *name,
                              const struct tori_descriptor *descriptor, size_t count)
{
    tori_out_list(out, name);
    for (size_t i = 0; i < count; i++) {
        tori_out_item(out);
        tori_out_open(out);
        tori_out_word(out, "type", "public-key");
        tori_out_b64u(out, "id", descriptor[i].id);
        if (descriptor[i].transports.len > 0)
            write_transports(out, descriptor[i].transports);
        tori_out_close(out);
    }
    tori_out_list_end(out);
}

static void write_algs(struct tori_json_out *out, const struct tori_rp *rp)
{
    tori_out_list(out, "pubKeyCredParams");
    for (size_t i = 0; i < rp->alg_count; i++) {
        tori_out_item(out);
        tori_out_open(out);
        tori_out_word(out, "type", "public-key");
        tori_out_int(out, "alg", rp->alg[i]);
        tori_out_close(out);
    }
    tori_out_list_end(out);
}

static void write_user(struct tori_json_out *out, const struct tori_creation_options *options)
{
    tori_out_object(out, "user");
    tori_out_b64u(out, "id", TORI_BYTES_OF(options->user.at));
    tori_out_text(out, "name", options->user_name);
    tori_out_text(out, "displayName", options->user_display_name);
    tori_out_close(out);
}

static void write_selection(struct tori_json_out *out)
{
    tori_out_object(out, "authenticatorSelection");
    tori_out_word(out, "residentKey", "required");
    tori_out_bool(out, "requireResidentKey", true); /* Level 1 clients know only this one */
    tori_out_word(out, "userVerification", "required");
    tori_out_close(out);
}

static const char *conveyance_word(const struct tori_rp *rp)
{
    switch (rp->attestation == NULL ? TORI_CONVEYANCE_NONE : rp->attestation->conveyance) {
    case TORI_CONVEYANCE_NONE:
        return "none";
    case TORI_CONVEYANCE_INDIRECT:
        return "indirect";
    case TORI_CONVEYANCE_DIRECT:
        return "direct";
    case TORI_CONVEYANCE_ENTERPRISE:
        return "enterprise";
    }
    return "none";
}

void tori_webauthn_write_creation(struct tori_json_out *out, const char *name,
                                  const struct tori_creation_options *options)
{
    const struct tori_rp *rp = options->rp;

    tori_out_object(out, name);
    tori_out_object(out, "rp");
    tori_out_text(out, "id", rp->id);
    tori_out_text(out, "name", rp->name);
    tori_out_close(out);
    write_user(out, options);
    tori_out_b64u(out, "challenge", options->challenge);
    write_algs(out, rp);
    tori_out_int(out, "timeout", options->timeout_ms);
    write_descriptors(out, "excludeCredentials", options->exclude, options->exclude_count);
    write_selection(out);
    tori_out_word(out, "attestation", conveyance_word(rp));
    tori_out_object(out, "extensions");
    tori_out_bool(out, "credProps", true); /* so that a key nobody could find again is noticed */
    tori_out_close(out);
    tori_out_close(out);
}

void tori_webauthn_write_request(struct tori_json_out *out, const char *name,
                                 const struct tori_request_options *options)
{
    tori_out_object(out, name);
    tori_out_b64u(out, "challenge", options->challenge);
    tori_out_int(out, "timeout", options->timeout_ms);
    tori_out_text(out, "rpId", options->rp->id);
    write_descriptors(out, "allowCredentials", options->allow, options->allow_count);
    tori_out_word(out, "userVerification", "required");
    tori_out_close(out);
}
