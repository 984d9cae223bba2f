-- writer: the first statement of every group. Under any epoch but ours the new epoch would be NULL,
-- which the column refuses, and with it the group.
UPDATE lease SET beat = $3, epoch = CASE WHEN epoch = $2 THEN epoch END WHERE name = $1
