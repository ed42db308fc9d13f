"""The Hub: what a repository holds, what of it is needed, and its errors as sentences."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import InputError, UnavailableError
from pipelines.models.choosing import INDEX, needed_files, parts_in
from pipelines.models.folder import is_plain, models_folder, repository_folder
from pipelines.models.table import card_of, is_hub_id

if TYPE_CHECKING:
    import httpx2
    from huggingface_hub.hf_api import ModelInfo

DEFAULT_REVISION = "main"
TIMEOUT_S = 30.0
_MOST_FILES = 20_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of a repository. sha256: of files in large storage; blob: git's id of the others."""

    name: str
    bytes: int
    sha256: str | None
    blob: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pull will fetch. revision: the commit.  licence: as the repository's card names it.  missing_bytes: not here yet."""

    id: str
    revision: str
    licence: str | None
    gated: bool
    files: tuple[Wanted, ...]
    missing_bytes: int

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.bytes for file in self.files)


def plan(name: str, revision: str | None = None) -> Plan:
    """Ask the Hub what a pull would fetch; nothing is written.

    Raises InputError (no such repository or revision), UnavailableError (the Hub cannot be reached, gated), WeightsError (no safetensors).
    """
    card = card_of(name)
    name = card.id if card else name
    if not is_hub_id(name):
        raise InputError(f"{name[:120]!r} is no repository, which would be owner/name: see `worldloom models list`")
    info = _info(name, revision or (card.revision if card else None) or DEFAULT_REVISION)
    commit = info.sha or ""
    siblings = info.siblings or []
    if not re.fullmatch(r"[0-9a-f]{40}", commit) or len(siblings) > _MOST_FILES:
        raise UnavailableError(f"{host()} answered for {name} with something that is no list of files: try again later")
    sizes = {file.rfilename: file for file in siblings if is_plain(file.rfilename) and file.size is not None}
    chosen = needed_files(name, tuple(sizes), _parts(name, commit) if INDEX in sizes else None)
    files = tuple(_wanted(sizes[file]) for file in chosen)
    folder = repository_folder(name) / commit
    missing = sum(max(0, file.bytes - _bytes_here(folder / file.name)) for file in files)
    return Plan(name, commit, _licence_on(info), bool(info.gated), files, missing)


def _info(name: str, revision: str) -> ModelInfo:
    from huggingface_hub import HfApi

    with told(name, revision), _answered(name):
        api = HfApi(endpoint=endpoint(), library_name="worldloom")
        return api.model_info(name, revision=revision, files_metadata=True, timeout=TIMEOUT_S)


def _parts(name: str, commit: str) -> frozenset[str]:
    """The parts of a diffusers pipeline, by its index."""
    with told(name, commit), _answered(name), streamed(name, commit, INDEX) as answer:
        return parts_in(json.loads(answer.read()))


@contextmanager
def streamed(name: str, commit: str, file: str, begin: int = 0) -> Iterator[httpx2.Response]:
    """The answer to one request for a file from byte `begin` on; raises what the Hub's library raises."""
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    headers = {**build_hf_headers(library_name="worldloom"), "Accept-Encoding": "identity"}
    if begin:
        headers["Range"] = f"bytes={begin}-"
    url = hf_hub_url(name, file, revision=commit, endpoint=endpoint())
    with get_session().stream("GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT_S) as answer:
        hf_raise_for_status(answer)
        yield answer


def endpoint() -> str:
    """The address of the Hub: HF_ENDPOINT, or the public one."""
    from huggingface_hub import constants

    return (os.environ.get("HF_ENDPOINT", "").strip() or constants.ENDPOINT).rstrip("/")


def host() -> str:
    """The Hub's name in sentences."""
    return endpoint().partition("://")[2] or endpoint()


def _wanted(file: Any) -> Wanted:
    return Wanted(file.rfilename, file.size, file.lfs.sha256 if file.lfs else None, file.blob_id)


def _licence_on(info: ModelInfo) -> str | None:
    """The licence on the repository's card; where it says `other`, the name that it gives beside it."""
    card = info.card_data
    licence = card.get("license") if card else None
    if card and licence == "other":
        licence = card.get("license_name") or licence
    return licence[:100].lower() if isinstance(licence, str) and licence.strip() else None


def _bytes_here(path: Path) -> int:
    part = part_path(path)
    return path.stat().st_size if path.is_file() else part.stat().st_size if part.is_file() else 0


def part_path(path: Path) -> Path:
    """Where a file grows until it is whole."""
    return path.with_name(f".{path.name}.part")


@contextmanager
def told(name: str, revision: str) -> Iterator[None]:
    """Errors of the Hub as sentences; those of a broken connection during a download are for the caller, who tries again."""
    import httpx2
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError:
        raise UnavailableError(
            f"{name} is gated: accept its terms at {endpoint()}/{name}, make a token there and set it as HF_TOKEN, or choose another model"
        ) from None
    except RevisionNotFoundError:
        raise InputError(f"{name} has no revision {revision[:80]!r}: leave --revision out, or name a commit, branch or tag of it") from None
    except (RepositoryNotFoundError, HFValidationError):
        raise InputError(
            f"{host()} has no repository {name}, or it is private: correct the name, or set HF_TOKEN to a token that may read it"
        ) from None
    except OfflineModeIsEnabled:
        raise UnavailableError(
            f"HF_HUB_OFFLINE forbids asking {host()}: unset it, or copy {models_folder()} from a machine that has it"
        ) from None
    except HfHubHTTPError as error:
        raise UnavailableError(f"{host()} answered for {name} with HTTP {error.response.status_code}: try again later") from None
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError, httpx2.UnsupportedProtocol) as error:
        raise UnavailableError(
            f"{host()} cannot be reached ({str(error)[:120] or type(error).__name__}): connect this machine to the network, "
            f"set HF_ENDPOINT to a mirror, or copy {models_folder()} from a machine that has it"
        ) from None


@contextmanager
def _answered(name: str) -> Iterator[None]:
    """What is no answer of a Hub, such as the page of a portal, and connections that break on a short question."""
    import httpx2

    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError, httpx2.UnsupportedProtocol):
        raise
    except httpx2.TransportError as error:
        raise UnavailableError(f"the connection to {host()} broke ({type(error).__name__}): try again") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UnavailableError(f"{host()} answered for {name} with something that no Hub says: is HF_ENDPOINT right?") from None
