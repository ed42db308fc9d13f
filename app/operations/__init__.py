"""Operations: jobs from their request to their end, for clients to watch, wait for and cancel."""
