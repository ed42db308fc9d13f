"""System: whether the service lives, what it can make, and how much of it is used."""
