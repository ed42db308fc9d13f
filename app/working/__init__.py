"""Working: the worker process, its child processes, and the work of the household."""
