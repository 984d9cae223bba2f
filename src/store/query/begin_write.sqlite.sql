-- writer: takes the write lock at once, so nothing can stand in the way later
BEGIN IMMEDIATE
