"""How the page is served: its addresses, its headers, packed or not, from a package or a clone, and when nobody has built it."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx2 as httpx
import pytest

from app.settings import Settings
from app.store import Store
from app.studio import takes_gzip
from tests.service.running import ROOT, Service
from tests.studio.browsing import DIST, require_dist

PAGES = ("/", "/w/wld_0199a1b2c3d47e5f8a9b0c1d2e3f4a5c", "/w/nothing", "/embed/wld_0199a1b2c3d47e5f8a9b0c1d2e3f4a5c", "/embed/%3Cscript%3E")


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service without a worker."""
    require_dist()
    running = Service(tmp_path_factory.mktemp("serving") / "data", arguments=("--no-worker",)).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(serving: Service) -> Iterator[httpx.Client]:
    with serving.client() as found:
        yield found


def directives(answer: httpx.Response) -> dict[str, list[str]]:
    """The Content-Security-Policy of an answer."""
    rules = [rule.split() for rule in answer.headers["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in rules}


class References(HTMLParser):
    """What a page says in its own markup."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [str(given[name]) for name in ("src", "href") if given.get(name)]
        if tag == "style" or (tag == "script" and "src" not in given) or any(name == "style" or name.startswith("on") for name in given):
            self.inline.append(tag)


@pytest.mark.parametrize("address", PAGES)
def test_every_address_gives_the_same_page(client: httpx.Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.text == (DIST / "index.html").read_text(encoding="utf-8")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    head = client.head(address)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == answer.headers["Content-Length"]


def test_page_may_load_from_here_only(client: httpx.Client) -> None:
    rules = directives(client.get("/"))
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == ["'self'", "'wasm-unsafe-eval'"]
    assert rules["style-src"] == ["'self'"]
    for name in ("base-uri", "form-action"):
        assert rules[name] == ["'none'"]
    everywhere = {source for values in rules.values() for source in values}
    assert everywhere <= {"'none'", "'self'", "'wasm-unsafe-eval'", "blob:", "data:", "'script'", *rules.get("trusted-types", ())}
    page = References(client.get("/").text)
    assert page.inline == []
    assert page.addresses
    assert [address for address in page.addresses if not address.startswith("/")] == []


def test_only_embedded_pages_may_stand_in_frames(client: httpx.Client) -> None:
    assert directives(client.get("/"))["frame-ancestors"] == ["'none'"]
    assert directives(client.get("/w/x"))["frame-ancestors"] == ["'none'"]
    assert directives(client.get("/embed/x"))["frame-ancestors"] == ["*"]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("https://a.example, https://b.example:8443", ["https://a.example", "https://b.example:8443"]), ("none", ["'none'"])],
)
def test_frames_by_setting(tmp_path: Path, setting: str, expected: list[str]) -> None:
    require_dist()
    running = Service(tmp_path / "data", {"WORLDLOOM_EMBED_ORIGINS": setting}, arguments=("--no-worker",)).start()
    try:
        with running.client() as client:
            assert directives(client.get("/embed/x"))["frame-ancestors"] == expected
            assert directives(client.get("/w/x"))["frame-ancestors"] == ["'none'"]
    finally:
        running.stop()


@pytest.mark.parametrize(
    "value", ["https://a.example; script-src *", "a.example", "none,*x", "javascript:alert(1)", "https://a.example/path", ","]
)
def test_settings_that_would_spoil_the_header_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="give origins"):
        Settings.model_validate({"embed_origins": value})


def test_every_file_of_the_page_is_served_as_it_is(client: httpx.Client) -> None:
    files = [path for path in DIST.rglob("*") if path.is_file() and path.suffix not in (".gz", ".html")]
    assert len(files) > 2
    for path in files:
        name = path.relative_to(DIST).as_posix()
        with client.stream("GET", f"/{name}", headers={"Accept-Encoding": "identity"}) as answer:
            plain = b"".join(answer.iter_raw())
        assert answer.status_code == 200, name
        assert plain == path.read_bytes()
        assert "Content-Encoding" not in answer.headers
        hashed = re.search(r"-[\w-]{8}\.\w+$", name) is not None
        assert ("immutable" in answer.headers["Cache-Control"]) == hashed == name.startswith("assets/"), name


def test_packed_files_for_those_who_take_them(client: httpx.Client) -> None:
    packed = list(DIST.rglob("*.gz"))
    assert {path.with_suffix("").suffix for path in packed} >= {".html", ".js", ".css"}
    for path in packed:
        name = path.relative_to(DIST).as_posix().removesuffix(".gz")
        address = "/" if name == "index.html" else f"/{name}"
        with client.stream("GET", address, headers={"Accept-Encoding": "br, gzip;q=0.5"}) as answer:
            raw = b"".join(answer.iter_raw())
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Vary"].count("Accept-Encoding") == 1
        assert gzip.decompress(raw) == (DIST / name).read_bytes()
        plain = client.get(address, headers={"Accept-Encoding": "identity"})
        assert plain.headers["Vary"].count("Accept-Encoding") == 1
        assert plain.headers["ETag"] != answer.headers["ETag"]
        assert plain.headers["Content-Type"] == answer.headers["Content-Type"]
        assert "gzip" not in plain.headers["Content-Type"]


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [("", False), ("gzip", True), ("GZIP ; q=1", True), ("gzip;q=0", False), ("gzip; q=0.000", False), ("gzip;q=0.001", True), ("*", True),
     ("*;q=0", False), ("br, deflate", False), ("*, gzip;q=0", False), ("x-gzip-not", False), (",;=;q", False)],
)  # fmt: skip
def test_what_accept_encoding_means(accepted: str, expected: bool) -> None:
    assert takes_gzip(accepted) == expected


def test_what_is_known_is_not_sent_again(client: httpx.Client) -> None:
    script = next(address for address in References(client.get("/").text).addresses if address.endswith(".js"))
    for address in ("/", script):
        first = client.get(address)
        again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/assets/", "/assets/nothing.js", "/assets/../index.html", "/assets/..%2f..%2fpackage.json", "/assets/%2e%2e/%2e%2e/package.json",
     "/assets//etc/passwd", "/package.json", "/index.html", "/index.html.gz",
         "/.gitignore", "/w/", "/embed/", "/assets/a%00b.js", "/assets/" + "x" * 5_000],
)  # fmt: skip
def test_nothing_else_is_given_away(serving: Service, address: str) -> None:
    with httpx.Client(base_url=serving.address, follow_redirects=False) as client:
        answer = client.get(address)
    assert answer.status_code in (404, 414), answer.text
    assert "worldloom-studio" not in answer.text


def test_documentation_stays(client: httpx.Client) -> None:
    assert client.get("/docs").status_code == 200
    assert client.get("/openapi.json").json()["openapi"]


def test_page_that_nobody_has_built_says_how(tmp_path: Path) -> None:
    """As an installation without it: the program alone, in another folder."""
    program = tmp_path / "installed"
    shutil.copytree(ROOT / "app", program / "app", ignore=shutil.ignore_patterns("dist", "__pycache__"))
    running = Service(tmp_path / "data", {"PYTHONPATH": str(program)}, arguments=("--no-worker",)).start()
    try:
        with running.client() as client:
            for address in PAGES:
                answer = client.get(address)
                assert answer.status_code == 503
                assert "make studio" in answer.text
                assert 'href="/docs"' in answer.text
                assert directives(answer)["frame-ancestors"] == ["'none'"]
                assert answer.headers["Cache-Control"] == "no-store"
            assert client.get("/docs").status_code == 200
            shutil.copytree(DIST, program / "app" / "dist")  # as a wheel brings it, and while the service runs
            assert client.get("/").text == (DIST / "index.html").read_text(encoding="utf-8")
    finally:
        running.stop()


def test_files_may_come_from_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "ACCESS_KEY_ID": "x",
        "SECRET_ACCESS_KEY": "y",
        "REGION": "eu-central-1",
        "ENDPOINT_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    assert Store("s3://worlds/production").origin == "http://127.0.0.1:9"
    assert Store(tmp_path).origin is None
