"""Store: files by their content, on the local disk or in S3, behind one set of verbs."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, GenericError
from obstore.store import LocalStore, from_url

from app.errors import RETRY_S, Refusal
from pipelines.errors import InputError, OutputError

T = TypeVar("T")
CHUNK_BYTES = 1 << 20
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says of a disk that is full, or of a file that is larger than it may be."""
FULL_RETRY_S = 60


def key_of(tenant_id: str, sha256: str) -> str:
    """Where a file lies. Tenants share no files, so nobody can find out what others have by uploading it."""
    return f"{tenant_id}/{sha256[:2]}/{sha256}"


class Store:
    """Files that are written once and never changed."""

    def __init__(self, place: str | Path) -> None:
        self.folder = place if isinstance(place, Path) else None
        if isinstance(place, Path):
            try:
                place.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"files cannot be kept in {place} ({error.strerror}): name another folder with --data") from error
            self._store: Any = LocalStore(str(place))
        else:
            self._store = _opened(place)

    def put(self, key: str, path: Path) -> None:
        """Keep a file; here, under a second name. One that is there already is touched, so that nobody tidies it away just now."""
        here = self.local(key)
        if here is None:
            _asked(lambda: obstore.put(self._store, key, path))
        else:
            _asked(lambda: _keep(path, here))

    def replace(self, key: str, path: Path) -> None:
        """Keep a file in place of whatever is there, for the few keys that are not named after their content."""
        _asked(lambda: obstore.put(self._store, key, path))

    def put_bytes(self, key: str, data: bytes) -> None:
        """Keep a few bytes."""
        _asked(lambda: obstore.put(self._store, key, data))

    def size(self, key: str) -> int | None:
        """Bytes of a file; None when it is not there."""
        try:
            return int(_asked(lambda: obstore.head(self._store, key))["size"])
        except FileNotFoundError:
            return None

    def local(self, key: str) -> Path | None:
        """Where a file lies on this disk; None when the store is elsewhere."""
        return None if self.folder is None else self.folder / key

    def fetch(self, key: str, target: Path) -> None:
        """Bring a file to `target`: as a second name on the same disk, or as a copy. Raises FileNotFoundError."""
        here = self.local(key)
        if here is None:
            _asked(lambda: self._download(key, target))
            return
        try:
            os.link(here, target)
        except FileExistsError:  # from an earlier try
            return
        except FileNotFoundError:
            raise
        except OSError:  # another disk
            shutil.copyfile(here, target)

    def _download(self, key: str, target: Path) -> None:
        stream = obstore.get(self._store, key).stream(min_chunk_size=CHUNK_BYTES)
        with target.open("wb") as file:
            for chunk in stream:
                file.write(chunk)

    def link(self, key: str, *, lasts_s: int, method: Literal["GET", "PUT"] = "GET") -> str:
        """A link straight to the store, for stores that can sign one."""
        return str(_asked(lambda: obstore.sign(self._store, method, key, timedelta(seconds=lasts_s))))

    @cached_property
    def origin(self) -> str | None:
        """Scheme, host and port that links lead to; None where files are served from this disk."""
        if self.folder is not None:
            return None
        parts = urlsplit(self.link("origin", lasts_s=60))
        return f"{parts.scheme}://{parts.netloc}"

    def older_than(self, moment: datetime) -> Iterator[tuple[str, int]]:
        """(key, bytes) of every file that was written before `moment`."""
        batches = obstore.list(self._store, chunk_size=1_000)
        while (batch := _asked(lambda: next(batches, None))) is not None:
            for entry in batch:
                if entry["last_modified"] < moment:
                    yield str(entry["path"]), int(entry["size"])

    def is_older(self, key: str, moment: datetime) -> bool:
        """Whether a file is there and was not written since `moment`."""
        try:
            return bool(_asked(lambda: obstore.head(self._store, key))["last_modified"] < moment)
        except FileNotFoundError:
            return False

    def delete(self, keys: list[str]) -> None:
        """Remove files; those that are gone already are no error."""
        if keys:
            try:
                _asked(lambda: obstore.delete(self._store, keys))
            except FileNotFoundError:
                return

    def check(self) -> None:
        """Raise Refusal when the store does not answer."""
        try:  # a file that is not there proves nothing: where the whole bucket is missing, no file is there
            _asked(lambda: next(iter(obstore.list(self._store, "readiness")), None))
        except FileNotFoundError as error:
            raise Refusal("store_unavailable", "the folder or bucket for files is missing: make it", retry_after_s=RETRY_S) from error
        if self.folder is not None and not os.access(self.folder, os.W_OK):
            raise Refusal("store_unavailable", f"files cannot be written to {self.folder}", retry_after_s=RETRY_S)

    def free_bytes(self) -> int | None:
        """Space left on a local disk."""
        return None if self.folder is None else shutil.disk_usage(self.folder).free


def _keep(path: Path, here: Path) -> None:
    """Give a file its place on this disk: whole or not at all, also when the power fails."""
    here.parent.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    while True:
        try:
            os.link(path, here)
        except FileExistsError:
            pass
        except FileNotFoundError:
            raise
        except OSError:  # another disk
            _copy(path, here)
        try:
            os.utime(here)
            return
        except FileNotFoundError:  # it was tidied away in this very moment
            continue


def _copy(path: Path, here: Path) -> None:
    part = here.with_name(f"{here.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        shutil.copyfile(path, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(here)
    finally:
        part.unlink(missing_ok=True)


def _asked(call: Callable[[], T]) -> T:
    """A store that does not answer is worth another try; so is one that refuses, for its credentials can be mended meanwhile."""
    try:
        return call()
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        if getattr(error, "errno", None) in FULL or "os error 28" in str(error):
            raise Refusal("disk_full", "the disk is full: free some space and try again", retry_after_s=FULL_RETRY_S) from error
        refuses = not isinstance(error, GenericError | OSError) or "403 Forbidden" in str(error)
        sentence = (
            "the file store refuses: check its credentials"
            if refuses
            else "the file store does not answer: nothing is lost, try again in a moment"
        )
        raise Refusal("store_unavailable", sentence, retry_after_s=RETRY_S) from error


def _opened(url: str) -> Any:
    """A remote store; one on this machine or network is often spoken to without TLS."""
    open_url: Callable[..., Any] = from_url
    options: dict[str, Any] = {"timeout": "60s", "connect_timeout": "5s"}
    retry: dict[str, Any] = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}  # further tries are for whoever asks
    if os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://"):
        options["allow_http"] = True
    try:
        return open_url(url, client_options=options, retry_config=retry)
    except (BaseError, ValueError) as error:
        raise InputError(
            f"WORLDLOOM_STORE_URL is wrong: {url.partition('?')[0]!r} is no store that can be opened, use s3://bucket/prefix"
        ) from error
