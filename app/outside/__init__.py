"""Outside: where this service goes by itself, and how: to addresses that were looked at, and to nowhere else."""
