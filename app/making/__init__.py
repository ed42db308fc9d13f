"""Making: what a worker has done in a process of its own: worlds, exports, pictures and films."""
