"""Training: how the small model of our own is made: data from built worlds, the model, its measures; not needed to use it."""
