-- The tables of src/model/rows.toml, which says what their rows are. No column is ever NULL: no bytes
-- are zero bytes, and no text is empty text.

CREATE TABLE customer (
    customer_id @id NOT NULL,
    ref text NOT NULL,
    kind @int NOT NULL,
    lang @int NOT NULL,
    state @int NOT NULL,
    created_at @int NOT NULL,
    data_key @bytes NOT NULL,
    PRIMARY KEY (customer_id)
) @strict;

CREATE TABLE "user" (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    handle @bytes NOT NULL,
    ref text NOT NULL,
    sealed_name @bytes NOT NULL,
    lang @int NOT NULL,
    state @int NOT NULL,
    session_epoch @int NOT NULL,
    first_credential_at @int NOT NULL,
    created_at @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE account (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    ref text NOT NULL,
    kind text NOT NULL,
    state @int NOT NULL,
    created_at @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE role (
    customer_id @id NOT NULL,
    user_id @id NOT NULL,
    account_id @id NOT NULL,
    rights @int NOT NULL,
    created_at @int NOT NULL,
    PRIMARY KEY (customer_id, user_id, account_id)
) @strict;

CREATE TABLE contact (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    user_id @id NOT NULL,
    kind @int NOT NULL,
    sealed_address @bytes NOT NULL,
    state @int NOT NULL,
    created_at @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE credential (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    user_id @id NOT NULL,
    credential_id @bytes NOT NULL,
    public_key @bytes NOT NULL,
    alg @int NOT NULL,
    aaguid @bytes NOT NULL,
    format text NOT NULL,
    attested @int NOT NULL,
    transports text NOT NULL,
    backup_eligible @int NOT NULL,
    backed_up @int NOT NULL,
    sign_count @int NOT NULL,
    label text NOT NULL,
    state @int NOT NULL,
    created_at @int NOT NULL,
    last_used_at @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE proofing (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    user_id @id NOT NULL,
    kind @int NOT NULL,
    sealed_evidence @bytes NOT NULL,
    by_user @id NOT NULL,
    approval_id @id NOT NULL,
    state @int NOT NULL,
    created_at @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE enrol_window (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    user_id @id NOT NULL,
    proofing_id @id NOT NULL,
    code_hash @bytes NOT NULL,
    tries @int NOT NULL,
    interaction_id @id NOT NULL,
    expires_at @int NOT NULL,
    state @int NOT NULL,
    created_at @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE session (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    user_id @id NOT NULL,
    channel_id @id NOT NULL,
    credential_id @id NOT NULL,
    secret_hash @bytes NOT NULL,
    previous_hash @bytes NOT NULL,
    generation @int NOT NULL,
    rotated_at @int NOT NULL,
    device text NOT NULL,
    acr @int NOT NULL,
    amr @int NOT NULL,
    factors @int NOT NULL,
    binding @int NOT NULL,
    epoch @int NOT NULL,
    auth_time @int NOT NULL,
    created_at @int NOT NULL,
    absolute_until @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE operation (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    type text NOT NULL,
    type_version @int NOT NULL,
    channel_id @id NOT NULL,
    user_id @id NOT NULL,
    session_id @id NOT NULL,
    account_id @id NOT NULL,
    sealed_canonical @bytes NOT NULL,
    canonical_hash @bytes NOT NULL,
    nonce @bytes NOT NULL,
    challenge_until @int NOT NULL,
    important @int NOT NULL,
    credential_id @id NOT NULL,
    reason @int NOT NULL,
    valid_until @int NOT NULL,
    expires_at @int NOT NULL,
    created_at @int NOT NULL,
    decided_at @int NOT NULL,
    seq @int NOT NULL,
    leaf_hash @bytes NOT NULL,
    state @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE idempotency (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    key_hash @bytes NOT NULL,
    request_hash @bytes NOT NULL,
    operation_id @id NOT NULL,
    status @int NOT NULL,
    body @bytes NOT NULL,
    created_at @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE notice (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    user_id @id NOT NULL,
    template text NOT NULL,
    sealed_params @bytes NOT NULL,
    operation_id @id NOT NULL,
    session_id @id NOT NULL,
    credential_id @id NOT NULL,
    state @int NOT NULL,
    created_at @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE lock (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    scope @int NOT NULL,
    cause @int NOT NULL,
    by_user @id NOT NULL,
    notice_id @id NOT NULL,
    approval_id @id NOT NULL,
    state @int NOT NULL,
    created_at @int NOT NULL,
    lifted_at @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE job (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    kind @int NOT NULL,
    ref_id @id NOT NULL,
    contact_id @id NOT NULL,
    tries @int NOT NULL,
    due_at @int NOT NULL,
    last_error text NOT NULL,
    state @int NOT NULL,
    created_at @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE channel (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    name text NOT NULL,
    kind @int NOT NULL,
    key_hash @bytes NOT NULL,
    origin text NOT NULL,
    return_uris text NOT NULL,
    rights @int NOT NULL,
    state @int NOT NULL,
    created_at @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE policy (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    name text NOT NULL,
    value @int NOT NULL,
    approval_id @id NOT NULL,
    state @int NOT NULL,
    created_at @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE approval (
    customer_id @id NOT NULL,
    id @id NOT NULL,
    action text NOT NULL,
    target_customer @id NOT NULL,
    target_id @id NOT NULL,
    number @int NOT NULL,
    note text NOT NULL,
    canonical text NOT NULL,
    by_user @id NOT NULL,
    expires_at @int NOT NULL,
    created_at @int NOT NULL,
    decided_at @int NOT NULL,
    state @int NOT NULL,
    PRIMARY KEY (customer_id, id)
) @strict;

CREATE TABLE approval_signature (
    customer_id @id NOT NULL,
    approval_id @id NOT NULL,
    user_id @id NOT NULL,
    credential_id @id NOT NULL,
    created_at @int NOT NULL,
    PRIMARY KEY (customer_id, approval_id, user_id)
) @strict;

CREATE TABLE customer_route (
    ref_hash @bytes NOT NULL,
    customer_id @id NOT NULL,
    PRIMARY KEY (ref_hash)
) @strict;

CREATE TABLE credential_route (
    credential_hash @bytes NOT NULL,
    customer_id @id NOT NULL,
    user_id @id NOT NULL,
    credential_row @id NOT NULL,
    PRIMARY KEY (credential_hash)
) @strict;

-- Rows of the next two are large and come in order, so they are kept by that order and not inside of an
-- index, whose pages hold a kilobyte of a row at most.
CREATE TABLE journal (
    shard @int NOT NULL,
    seq @int NOT NULL,
    at_ms @int NOT NULL,
    customer_id @id NOT NULL,
    kind text NOT NULL,
    entry text NOT NULL,
    leaf_hash @bytes NOT NULL,
    PRIMARY KEY (shard, seq)
) @appended;

CREATE TABLE evidence_body (
    shard @int NOT NULL,
    seq @int NOT NULL,
    customer_id @id NOT NULL,
    sealed_body @bytes NOT NULL,
    PRIMARY KEY (shard, seq)
) @appended;

CREATE TABLE lease (
    name text NOT NULL,
    owner text NOT NULL,
    epoch @int NOT NULL,
    beat @int NOT NULL,
    PRIMARY KEY (name)
) @strict;

-- Whose a handle is. Without their first two bytes, the bucket, handles begin with their time: what is
-- new stands together at the end of the index.
CREATE INDEX session_handle ON session (substr(id, 3));
CREATE INDEX operation_handle ON operation (substr(id, 3));
CREATE INDEX approval_handle ON approval (substr(id, 3));
CREATE INDEX channel_key ON channel (key_hash);

-- What loading a customer reads must not grow with his past.
CREATE INDEX job_live ON job (customer_id) WHERE state < 10;

-- All that is due, at the start.
CREATE INDEX job_due ON job (due_at, customer_id, id) WHERE state < 10;
