-- reader: whose a handle is, by its bytes behind the bucket; an approval belongs to the customer it is about
SELECT customer_id FROM session WHERE substr(id, 3) = $1
UNION ALL SELECT customer_id FROM operation WHERE substr(id, 3) = $1
UNION ALL SELECT target_customer FROM approval WHERE substr(id, 3) = $1
LIMIT 1
