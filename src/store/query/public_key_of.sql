-- reader: the key of a credential, which never changes
SELECT public_key FROM credential WHERE customer_id = $1 AND id = $2
