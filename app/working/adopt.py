"""Adoption: a short process that takes the name of a worker that is gone and puts its jobs back into line."""

from __future__ import annotations

import sys

from app import engine

if __name__ == "__main__":
    engine.adopt(sys.stdin.read(), sys.argv[1])
