"""The studio in a real browser, against a real service that makes real worlds."""
