-- reader: the columns of job, in their order
SELECT customer_id, id, kind, ref_id, contact_id, tries, due_at, last_error, state, created_at FROM job
WHERE state < 10 AND (due_at, customer_id, id) > ($1, $2, $3)
ORDER BY due_at, customer_id, id LIMIT $4
