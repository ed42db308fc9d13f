"""Fetching: a picture or video from an address that a client names, where the settings permit it: guarded, whole, and not too large.

Nothing goes along that says who asks: no cookie, no key, no referrer. Redirects are followed within the same host, and looked at anew.
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpcore2

from app.errors import Refusal
from app.outside.address import Destination, Errand, destination_of
from app.outside.network import VettedNetwork
from app.store import FULL, FULL_RETRY_S

if TYPE_CHECKING:
    import ssl

MOST_BYTES = 20_000_000
TIMEOUT_S = 20.0
MOST_REDIRECTS = 3
REDIRECTS = (301, 302, 303, 307, 308)

ERRAND = Errand(
    cannot="this uri cannot be fetched",
    goal="fetching",
    example="pictures.example.org",
    no_password="upload the file instead",
    setting="WORLDLOOM_FETCH_FROM to anywhere",
)


def fetch(url: str, target: Path, *, allow_private: bool) -> None:
    """Bring what lies at `url` to `target`, within TIMEOUT_S in all; raises Refusal(bad_request) that says why it cannot be had."""
    try:
        _follow(url, target, allow_private=allow_private)
    except Refusal as refusal:
        raise refusal if refusal.code != "invalid_request" else _refused(str(refusal).partition(": ")[2]) from None
    except httpcore2.TimeoutException:
        raise _refused(f"it did not come whole within {TIMEOUT_S:g} s: upload the file instead") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, ValueError):
        raise _refused("its host does not answer, or not in HTTP: check the address, or upload the file instead") from None
    except OSError as error:
        if error.errno in FULL:
            raise Refusal("disk_full", "the disk is full: free some space and try again", retry_after_s=FULL_RETRY_S) from error
        raise _refused("its host does not answer: check the address, or upload the file instead") from None


def _follow(url: str, target: Path, *, allow_private: bool) -> None:
    first = destination = destination_of(url, ERRAND, allow_private=allow_private)
    end_s = time.monotonic() + TIMEOUT_S
    for _ in range(MOST_REDIRECTS + 1):
        further = _get(destination, target, timeout_s=end_s - time.monotonic(), allow_private=allow_private)
        if further is None:
            return
        destination = destination_of(urljoin(destination.url, further), ERRAND, allow_private=allow_private)
        if destination.host != first.host:
            raise _refused("it leads to another host, and such redirects are not followed: name the address that it leads to")
    raise _refused(f"it leads on and on, more than {MOST_REDIRECTS} times: name the address where the file is")


def _get(destination: Destination, target: Path, *, timeout_s: float, allow_private: bool) -> str | None:
    """Write the body of the answer to `target`, or return where it leads."""
    network = VettedNetwork(timeout_s=timeout_s, allow_private=allow_private)
    network.begin(destination)
    headers = [
        ("Host", destination.authority),
        ("Accept", "image/*, video/*, */*"),
        ("Accept-Encoding", "identity"),
        ("User-Agent", "Worldloom"),
    ]
    with (
        httpcore2.ConnectionPool(ssl_context=_trusted(), network_backend=network, max_connections=1) as pool,
        pool.stream("GET", destination.url, headers=headers) as answer,
    ):
        said = {name.lower(): value.decode("latin-1") for name, value in answer.headers}
        if answer.status in REDIRECTS and b"location" in said:
            return said[b"location"]
        if answer.status != 200:
            raise _refused(f"its host answers {answer.status}: check the address, or upload the file instead")
        if said.get(b"content-encoding", "identity") != "identity":
            raise _refused("its host packs the file although it was asked not to: upload the file instead")
        announced = said.get(b"content-length", "")
        if announced.isdigit() and int(announced) > MOST_BYTES:
            raise _too_large()
        size = 0
        with target.open("wb") as file:
            for chunk in answer.iter_stream():
                size += len(chunk)
                if size > MOST_BYTES:
                    raise _too_large()
                file.write(chunk)
        if size == 0:
            raise _refused("there is nothing at this address: check it, or upload the file instead")
    return None


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates count: the system's, or those that SSL_CERT_FILE names."""
    return httpcore2.default_ssl_context()


def _too_large() -> Refusal:
    return _refused(f"the file is larger than {MOST_BYTES:,} bytes: upload it instead")


def _refused(why: str) -> Refusal:
    return Refusal("bad_request", f"{ERRAND.cannot}: {why}")
