"""Code lists: the ones a release brings, and how others are read. Rows in a file, values in memory."""
