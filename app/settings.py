"""Settings: every knob of the service with its unit and default, from the environment, `.env`, and the command line."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import secrets
import socket
import tempfile
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pipelines.errors import InputError, OutputError

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
SHORTEST_SECRET = 32
_EMBEDDING = re.compile(r"\*|none|https?://(\*\.)?[0-9A-Za-z.-]+(:[0-9]{1,5})?")


class Settings(BaseSettings):
    """Environment variables are these names in capitals behind `WORLDLOOM_`, such as `WORLDLOOM_PORT`; lists are separated by commas."""

    model_config = SettingsConfigDict(env_prefix="WORLDLOOM_", env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    host: str = Field("127.0.0.1", description="Address to listen on; any other than a loopback address demands keys.")
    port: int = Field(8000, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    data: Path = Field(Path("worldloom-data"), description="Folder for the database, the files and the secret of one machine.")
    database_url: str | None = Field(None, description="PostgreSQL as postgresql://user:password@host/name; without it SQLite in `data`.")
    store_url: str | None = Field(
        None, description="Where files go: s3://bucket/prefix (credentials from the usual AWS_… variables); without it `data`/blobs."
    )
    secret: SecretStr | None = Field(None, description="Signs links and keys, 32 characters or more; without it one is made in `data`.")

    require_keys: bool | None = Field(None, description="Demand API keys; without it: only where others can reach the service.")
    public_url: str | None = Field(None, description="How clients reach the service, when a proxy stands before it: https://example.org.")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field((), description="Further names in Host headers; * allows all.")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field((), description="Web origins that may call the API; * (with keys): all.")
    embed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        ("*",), description="Web origins that may show worlds in a frame, by /embed/…; * lets all, none lets nobody."
    )

    max_open_jobs: int = Field(20_000, ge=1, description="Unfinished jobs that one tenant may have.")
    max_stored_bytes: int = Field(1_000_000_000_000, ge=0, description="Bytes of worlds and uploads that one tenant may keep.")
    starts_per_minute: int = Field(100_000, ge=1, description="Jobs that one tenant may start in a minute, for each API process.")
    max_upload_bytes: int = Field(100 << 20, ge=1, description="Largest picture or video, bytes.")
    max_splats: int = Field(4_000_000, ge=10_000, description="Largest splat budget that a client may ask for.")
    upload_s: int = Field(3_600, ge=1, description="Seconds that an upload link works.")
    link_s: int = Field(7 * 86_400, ge=60, description="Seconds that a link to a file works at least.")

    node: str | None = Field(
        None,
        pattern=r"^[0-9A-Za-z_.-]{1,60}$",
        description="Name of this machine among workers, always the same one; without it its host name.",
    )
    queues: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Queues that a worker serves, one job each at a time; without it those of all recipes, and studio."
    )
    poll_s: float = Field(0.5, gt=0, le=10, description="Seconds between two looks of a worker into its queues.")
    job_timeout_s: float = Field(3_600, gt=0, description="Seconds after which a running job is ended.")
    stall_timeout_s: float = Field(120, gt=0, description="Seconds without any progress after which a job is ended.")
    child_idle_s: float = Field(300, ge=0, description="Seconds that a worker keeps an idle child process warm.")
    warm_gb: float | None = Field(
        None, ge=0, description="Memory in which such a process keeps the weights of its last jobs, GB; without it half of what is free."
    )
    lost_worker_s: float = Field(60, gt=0, description="Seconds without a sign of life after which a worker's jobs are given to others.")
    retention_days: float = Field(30, gt=0, description="Days that finished operations are kept.")
    garbage_s: float = Field(3_600, ge=0, description="Seconds that a file without an owner is kept.")
    fetch_from: Literal["nowhere", "internet", "anywhere"] = Field(
        "nowhere",
        description="Whence to fetch pictures that clients name by address: nowhere, internet, or anywhere (private networks, too).",
    )
    allow_private_webhooks: bool = Field(False, description="Deliver webhooks to addresses of this machine or its network, too.")

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least important log line to write.")
    log_format: Literal["auto", "text", "json"] = Field("auto", description="auto: text on a terminal, JSON anywhere else.")

    @field_validator("allowed_hosts", "cors_origins", "embed_origins", "queues", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Lists are written with commas, not as JSON."""
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @field_validator("embed_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """They become part of a header, so nothing else may stand in them."""
        if not value or ("none" in value and len(value) > 1) or not all(_EMBEDDING.fullmatch(origin) for origin in value):
            raise ValueError("give origins such as https://example.org, or * or none")
        return value

    @property
    def database(self) -> str:
        """The database as an SQLAlchemy URL."""
        url = self.database_url
        if url is None:
            return f"sqlite:///{(self.data / 'worldloom.db').absolute()}"
        scheme, separator, rest = url.partition("://")
        if scheme in ("postgres", "postgresql"):
            return f"postgresql+psycopg{separator}{rest}"
        return url

    @property
    def store(self) -> str | Path:
        """The file store: a URL, or a folder."""
        return self.store_url or (self.data / "blobs").absolute()

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def is_local(self) -> bool:
        """Whether the service is meant for this machine only: a proxy before it, or another name for it, says that it is not."""
        names = {*self.allowed_hosts, *([urlsplit(self.public_url).hostname or ""] if self.public_url else [])}
        return self.is_loopback and names <= {*LOCAL_HOSTS, "::1"}

    @property
    def needs_keys(self) -> bool:
        """Whether every request must carry an API key."""
        return not self.is_local if self.require_keys is None else self.require_keys

    @property
    def machine(self) -> str:
        """The name of this machine among workers."""
        return self.node or socket.gethostname() or "node"

    def require_safe(self) -> None:
        """Raise InputError when these settings would open the service to strangers."""
        if not self.is_loopback and not self.needs_keys:
            raise InputError(
                f"without keys everyone who reaches {self.host} could use this service: unset WORLDLOOM_REQUIRE_KEYS or use 127.0.0.1"
            )
        if not self.needs_keys and "*" in self.cors_origins:
            raise InputError("WORLDLOOM_CORS_ORIGINS=* would let every web page use this keyless service: name the origins")
        if self.secret is not None and len(self.secret.get_secret_value()) < SHORTEST_SECRET:
            raise InputError(f"WORLDLOOM_SECRET is shorter than {SHORTEST_SECRET} characters: make one with `openssl rand -hex 32`")

    def signing_key(self) -> bytes:
        """The secret that signs links and keys: the one given, or the one in the data folder, which is made at the first call."""
        if self.secret is not None:
            return self.secret.get_secret_value().encode()
        path = self.data / "secret"
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                with tempfile.NamedTemporaryFile("w", dir=self.data, prefix=".secret-") as file:  # for its owner only
                    file.write(secrets.token_hex(32))
                    file.flush()
                    with contextlib.suppress(FileExistsError):  # another process was quicker; nobody ever sees half a secret
                        os.link(file.name, path)
            key = path.read_bytes()
        except OSError as error:
            raise OutputError(
                f"the data folder {self.data} cannot be used ({error.strerror or error}): name another one with --data"
            ) from error
        if len(key) < SHORTEST_SECRET:
            raise OutputError(f"{path} is damaged: remove it, and links and API keys made so far become void")
        return key
