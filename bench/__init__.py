"""Bench: how long things take, how much memory they need, how large and how faithful files are."""
