"""Meshes for engines: colliders."""

from __future__ import annotations

from pipelines.mesh.collider import MAX_TRIANGLES, Collider, build_collider

__all__ = ["MAX_TRIANGLES", "Collider", "build_collider"]
