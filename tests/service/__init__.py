"""The service, tested as its clients meet it: real processes, real databases, real files."""
