"""Delivery: messages to webhooks, signed as Standard Webhooks say, tried again for a day, and never sent where they must not go."""

from __future__ import annotations

from app.database import Database
from app.settings import Settings


class Courier:
    """Delivers what is due."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database

    def deliver_due(self) -> None:
        """Try every message whose time has come."""
