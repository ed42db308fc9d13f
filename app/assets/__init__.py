"""Assets: pictures and videos that clients upload."""
