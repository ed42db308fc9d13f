"""World API v1, as clients of World Labs' Marble speak it: translates to the same services, and decides nothing."""
