"""Kinds of things: the modelling language, the library, and shapes that grow."""
