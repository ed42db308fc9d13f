"""Where uploads lie: raw ones that are left behind are swept, inspected ones stay; and on S3 they go straight to the store."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import select, update

from app.database import Database, now
from app.engine import JobEngine
from app.settings import Settings
from app.store import Store
from app.tables import MediaAsset
from app.working.tidying import Tidying
from tests.service.running import Service
from tests.service.strange_files import RGB, png, scene, video
from tests.service.test_assets import PICTURE, prepared, raw_file, ready, refused, sent

LIMIT = 200_000
BUCKET = "worlds"


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, str]]:
    """A service whose store is in S3, and the address of that."""
    from moto.server import ThreadedMotoServer

    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    host, port = store.get_host_and_port()
    address = f"http://{host}:{port}"
    assert httpx.put(f"{address}/{BUCKET}").status_code == 200
    settings = {
        "WORLDLOOM_STORE_URL": f"s3://{BUCKET}/files",
        "WORLDLOOM_MAX_UPLOAD_BYTES": str(LIMIT),
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": "something",
        "AWS_REGION": "us-east-1",
    }
    running = Service(tmp_path_factory.mktemp("remote") / "data", settings=settings, arguments=("--no-worker",)).start()
    yield running, address
    assert running.stop() == 0
    store.stop()


def bucket(address: str) -> Any:
    """The store as another program sees it."""
    import boto3  # type: ignore[import-untyped]

    keys = {"aws_access_key_id": "someone", "aws_secret_access_key": "something", "region_name": "us-east-1"}
    return boto3.resource("s3", endpoint_url=address, **keys).Bucket(BUCKET)


def objects(address: str) -> set[str]:
    return {one.key.removeprefix("files/") for one in bucket(address).objects.all()}


def settings_of(service: Service) -> Settings:
    return Settings.model_validate({"data": service.data})


def tidying(service: Service) -> Tidying:
    settings = settings_of(service)
    return Tidying(settings, Database(settings.database), Store(settings.store), JobEngine(settings.database))


def aged(path: Path, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def test_raw_uploads_that_are_left_behind_are_swept(client: httpx.Client, service: Service) -> None:
    old, young, done = prepared(client), prepared(client), ready(client)
    for asset in (old, young):
        assert sent(asset, PICTURE).status_code == 200
    kept = service.data / "blobs" / "ten_local" / done["sha256"][:2] / done["sha256"]
    hour = settings_of(service).garbage_s
    for path in (raw_file(service, old), kept):
        aged(path, hour + 600)
    tidying(service).collect_garbage()
    assert kept.exists(), "a row names it by its sha256"
    assert raw_file(service, young).exists(), "it has its grace period"
    assert not raw_file(service, old).exists()
    refused(client.post(old["links"]["complete"]), 409, "not_ready")
    assert sent(old, PICTURE).status_code == 200, "its link still works"
    assert client.post(old["links"]["complete"]).json()["state"] == "READY"
    client.delete(done["links"]["self"])
    client.delete(old["links"]["self"])
    with Database(settings_of(service).database).reading() as session:  # other tests upload the same picture
        others = session.scalars(select(MediaAsset.id).where(MediaAsset.sha256 == done["sha256"])).all()
    for asset_id in others:
        client.delete(f"/v1/media-assets/{asset_id}")
    aged(kept, hour + 600)
    tidying(service).collect_garbage()
    assert not kept.exists(), "nobody needs it any more"


def test_announcements_end_with_their_links(client: httpx.Client, service: Service) -> None:
    old, young, done = prepared(client), prepared(client), ready(client)
    settings = settings_of(service)
    database = Database(settings.database)
    with database.writing() as session:
        long_ago = now() - timedelta(seconds=2 * settings.upload_s + settings.garbage_s + 60)
        session.execute(update(MediaAsset).where(MediaAsset.id.in_([old["id"], done["id"]])).values(created_at=long_ago))
    database.close()
    tidying(service).forget_old()
    assert client.get(old["links"]["self"]).status_code == 404
    assert client.get(young["links"]["self"]).status_code == 200
    assert client.get(done["links"]["self"]).status_code == 200


def test_what_a_killed_process_left_goes(client: httpx.Client, service: Service) -> None:
    place = service.data / "uploads"
    place.mkdir(exist_ok=True)
    for name, age_s in (("yesterday", 90_000), ("today", 3_600)):
        (place / name).mkdir()
        (place / name / "upload").write_bytes(b"half")
        aged(place / name, age_s)
    ready(client)
    assert [path.name for path in place.iterdir()] == ["today"]
    (place / "today" / "upload").unlink()
    (place / "today").rmdir()


def test_uploads_go_straight_to_s3(remote: tuple[Service, str], tmp_path: Path) -> None:
    service, address = remote
    film = video(tmp_path)
    with service.client() as client:
        for kind, data in (("image", PICTURE), ("video", film)):
            asset = prepared(client, kind=kind, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
            assert asset["upload"]["url"].startswith(f"{address}/{BUCKET}/files/ten_local/uploads/{asset['id']}?")
            refused(client.post(asset["links"]["complete"]), 409, "not_ready")
            assert sent(asset, data).status_code == 200
            assert f"ten_local/uploads/{asset['id']}" in objects(address)
            done = client.post(asset["links"]["complete"]).json()
            assert done["state"] == "READY", done
            key = f"ten_local/{done['sha256'][:2]}/{done['sha256']}"
            found = bucket(address).Object(f"files/{key}").get()["Body"].read()
            assert hashlib.sha256(found).hexdigest() == done["sha256"]
            assert len(found) == done["bytes"]
            assert f"ten_local/uploads/{asset['id']}" not in objects(address)
        assert found == film
        assert not list((service.data / "uploads").iterdir())


@pytest.mark.parametrize(
    ("announced", "data", "reason"),
    [
        ({}, bytes(LIMIT + 1), "200,001 bytes are more"),
        ({"bytes": len(PICTURE)}, PICTURE + b"!", "were announced"),
        ({"bytes": len(PICTURE)}, PICTURE[:-1], "were announced"),
        ({"sha256": hashlib.sha256(PICTURE).hexdigest()}, png(255 - scene(), RGB), "not the one that was announced"),
        ({}, b"GIF89a", "GIF"),
    ],
)
def test_what_went_straight_to_s3_is_measured_afterwards(
    remote: tuple[Service, str], announced: dict[str, object], data: bytes, reason: str
) -> None:
    service, address = remote
    with service.client() as client:
        before = objects(address)
        asset = prepared(client, **announced)
        assert sent(asset, data).status_code == 200
        assert reason in refused(client.post(asset["links"]["complete"]), 422, "media_rejected")
        assert client.get(asset["links"]["self"]).json()["state"] == "REJECTED"
        assert objects(address) == before


def test_it_is_the_same_on_postgresql(postgres: str, tmp_path: Path) -> None:
    service = Service(tmp_path / "data", settings={"WORLDLOOM_DATABASE_URL": postgres}, arguments=("--no-worker",)).start()
    try:
        with service.client() as client:
            note = {"zero": "a\0b", "house": "🏡", "deep": [[[1.5, None]]]}
            done = ready(client, file_name="раural 🏡.png", note=note)
            assert client.get(done["links"]["self"]).json() == done
            assert (done["note"], done["facts"]["width_px"]) == (note, 48)
            assert done in client.get("/v1/media-assets", params={"state": "READY"}).json()["media_assets"]
            bad = prepared(client)
            assert sent(bad, b"GIF89a").status_code == 200
            refused(client.post(bad["links"]["complete"]), 422, "media_rejected")
            assert client.delete(done["links"]["self"]).status_code == 200
            refused(client.get(done["links"]["self"]), 404, "not_found")
    finally:
        assert service.stop() == 0
