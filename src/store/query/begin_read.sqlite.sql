-- first: one snapshot for everything until the end
BEGIN
