-- reader: whose a handle is; an approval belongs to the customer it is about
SELECT customer_id FROM session WHERE id = $1
UNION ALL SELECT customer_id FROM operation WHERE id = $1
UNION ALL SELECT customer_id FROM interaction WHERE id = $1
UNION ALL SELECT target_customer FROM approval WHERE id = $1
LIMIT 1
