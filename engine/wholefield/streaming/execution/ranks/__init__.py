"""One image over several processes: rows of tiles shared out, halos sent instead of shared."""
