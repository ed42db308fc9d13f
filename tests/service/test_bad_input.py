"""Bad input: every group of bodies that strangers and mistakes send, answered with a typed problem; and the service goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest

from tests.service.asking import problem
from tests.service.running import Service, quick

CANARY = "zq9canary"
JSON = {"Content-Type": "application/json"}
MEBIBYTE = 1 << 20


@pytest.fixture(autouse=True)
def _goes_on(service: Service) -> Iterator[None]:
    """After whatever came, the next request is answered."""
    yield
    assert httpx.get(f"{service.address}/readyz", timeout=30).status_code == 200


def spoken(**fields: Any) -> bytes:
    """The body of a good request for a world, changed."""
    return json.dumps({**quick(f"a ball {CANARY}"), **fields}).encode()


TEXTS: dict[str, tuple[bytes, str]] = {
    "01 empty body": (b"", "invalid_request"),
    "01 blank body": (b"  \n", "malformed_json"),
    "02 words": (b"a ball " + CANARY.encode(), "malformed_json"),
    "02 form": (b"text=a+ball", "malformed_json"),
    "02 a list": (b'[{"text":"a ball"}]', "invalid_request"),
    "02 null": (b"null", "invalid_request"),
    "03 NaN": (b'{"text":"a ball","seed":NaN}', "malformed_json"),
    "03 Infinity": (b'{"text":"a ball","seed":-Infinity}', "malformed_json"),
    "04 1e400": (b'{"text":"a ball","seed":1e400}', "malformed_json"),
    "05 lone surrogate": (b'{"text":"a ball \\ud800"}', "malformed_json"),
    "05 lone surrogate as a key": (b'{"\\udfff":1}', "malformed_json"),
    "05 not UTF-8": (b'{"text":"\xff\xfe"}', "malformed_json"),
    "06 100,000 brackets": (b'{"text":' + b"[" * 100_000, "malformed_json"),
    "06 100,000 brackets, closed": (b'{"text":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "malformed_json"),
    "07 5,000 digits": (b'{"text":"a ball","seed":' + b"9" * 5_000 + b"}", "malformed_json"),
    "07 400 digits": (b'{"text":"a ball","seed":' + b"9" * 400 + b"}", "invalid_request"),
    "08 double key": (b'{"text":"a ball","seed":1,"seed":2}', "malformed_json"),
    "09 unknown field": (spoken(sneed=7), "invalid_request"),
    "09 unknown field with a strange name": (spoken(**{"\x1b[31m/~" + "x" * 10_000: CANARY}), "invalid_request"),
    "10 seed false": (spoken(seed=False), "invalid_request"),
    "10 seed 1.0": (spoken(seed=1.0), "invalid_request"),
    "10 seed as text": (spoken(seed="1"), "invalid_request"),
    "10 text as number": (spoken(text=7), "invalid_request"),
    "10 tags as text": (spoken(tags="round"), "invalid_request"),
    "11 seed -1": (spoken(seed=-1), "invalid_request"),
    "11 seed 2^32": (spoken(seed=2**32), "invalid_request"),
    "11 seed 2^64": (spoken(seed=2**64), "invalid_request"),
    "12 prompt empty": (spoken(text=""), "invalid_request"),
    "12 prompt missing": (b"{}", "invalid_request"),
    "12 prompt blank": (spoken(text=" \t\n\u2003 "), "invalid_request"),
    "12 prompt of 1 MB": (spoken(text="tree " * 200_000), "invalid_request"),
    "12 prompt with NUL": (spoken(text="a ball\x00"), "invalid_request"),
    "12 prompt with ANSI escapes": (spoken(text="a \x1b[31mred\x1b[0m ball"), "invalid_request"),
    "12 prompt of 10,000 combining marks": (spoken(text="a" + "\u0301" * 10_000), "invalid_request"),
    "12 prompt of private characters": (spoken(text="a \ue000 ball"), "invalid_request"),
    "12 name with NUL": (spoken(name="a\x00b"), "invalid_request"),
    "12 name with a line break": (spoken(name="a\r\nb"), "invalid_request"),
    "12 name too long": (spoken(name=CANARY * 100), "invalid_request"),
    "12 tag blank": (spoken(tags=[" "]), "invalid_request"),
    "12 tag with an escape": (spoken(tags=["\x1b]0;x\x07"]), "invalid_request"),
    "12 eleven tags": (spoken(tags=[f"tag{number}" for number in range(11)]), "invalid_request"),
    "15 no splats": (spoken(splats=0), "invalid_request"),
    "15 -1 splats": (spoken(splats=-1), "invalid_request"),
    "15 a splat too few": (spoken(splats=9_999), "invalid_request"),
    "15 a splat too many": (spoken(splats=4_000_001), "invalid_request"),
    "16 unknown tier": (spoken(tier=CANARY), "invalid_request"),
    "16 tier too long": (spoken(tier="x" * 41), "invalid_request"),
    "16 visibility": (spoken(visibility=CANARY), "invalid_request"),
    "16 spec with an unknown field": (spoken(spec={"sky": CANARY}), "invalid_request"),
    "16 spec with two things of a name": (
        spoken(spec={"things": [{"name": "a", "kind": "pine"}, {"name": "a", "kind": "pine"}]}),
        "invalid_request",
    ),
    "16 spec with 10^9 trees": (spoken(spec={"things": [{"name": "a", "kind": "pine", "count": 10**9}]}), "invalid_request"),
    "16 spec with a place of 1 MB": (spoken(spec={"place": "x" * 900_000}), "invalid_request"),
    "16 spec with NUL": (spoken(text="", spec={"place": "a\x00b"}), "invalid_request"),
    "17 picture and video": (
        spoken(pictures=[{"media_asset_id": f"med_{'0' * 32}"}], video=f"med_{'1' * 32}"),
        "invalid_request",
    ),
    "19 unknown media": (spoken(panorama=f"med_{'0' * 32}"), "invalid_request"),
    "19 no media id": (spoken(panorama="../../etc/passwd"), "invalid_request"),
    "19 61 pictures": (spoken(pictures=[{"media_asset_id": f"med_{'0' * 32}"}] * 61), "invalid_request"),
    "19 azimuth 10^9": (spoken(pictures=[{"media_asset_id": f"med_{'0' * 32}", "azimuth_deg": 1e9}]), "invalid_request"),
}


@pytest.mark.parametrize("group", TEXTS)
def test_a_bad_request_for_a_world_is_refused(client: httpx.Client, group: str) -> None:
    body, code = TEXTS[group]
    answer = client.post("/v1/worlds:generate", content=body, headers=JSON)
    found = problem(answer, code, canary=CANARY)
    for error in found.get("errors", ()):
        assert error["pointer"].isascii()
        assert error["pointer"].isprintable()
        assert len(error["pointer"]) < 200


def test_09_pointers_lead_to_the_fault(client: httpx.Client, ball: str) -> None:
    def pointers(path: str, body: object) -> list[str]:
        return [error["pointer"] for error in problem(client.post(path, json=body), "invalid_request")["errors"]]

    assert pointers("/v1/worlds:generate", quick(seed=-1, tags=["good", ""], sneed=1)) == ["/seed", "/tags/1", "/sneed"]
    assert pointers("/v1/worlds:generate", {**quick(), "a/b~c": 1}) == ["/a~1b~0c"]
    assert pointers("/v1/worlds:generate", quick(spec={"things": [{"kind": "pine"}]})) == ["/spec/things/0/name"]
    assert pointers(f"/v1/worlds/{ball}:render", {"camera": {"position": [0, "1", 0]}}) == ["/camera/position/1"]
    assert pointers(f"/v1/worlds/{ball}:render", {"path": {"keyframes": [{"position": [0, 1, 0]}]}}) == ["/path/keyframes/0/time"]
    assert pointers(f"/v1/worlds/{ball}:export", {}) == ["/format"]


ALLOWED = {
    "12 CRLF": ("a ball\r\nby a lake", "a ball by a lake"),
    "12 bidi overrides": ("a \u202egnol\u202c ball", "a \u202egnol\u202c ball"),
    "12 1,000 combining marks": ("a ball" + "\u0301" * 1_000, None),
    "12 markup": ("<script>alert('a')</script> & \"a ball\"", "<script>alert('a')</script> & \"a ball\""),
    "12 SQL": ("a ball'); DROP TABLE worlds; --", "a ball'); DROP TABLE worlds; --"),
    "12 template": ("{{7*7}} ${7*7} %s %n a ball", "{{7*7}} ${7*7} %s %n a ball"),
    "12 2,000 characters": ("ball " * 399 + "balls", "ball " * 399 + "balls"),
}


@pytest.mark.parametrize("group", ALLOWED)
def test_odd_prompts_are_kept_as_the_text_they_are(client: httpx.Client, group: str) -> None:
    sent, kept = ALLOWED[group]
    operation = client.post("/v1/worlds:generate", params={"wait": "60s"}, json=quick(sent, name=sent[:40].replace("\r\n", " "))).json()
    assert operation["state"] == "SUCCEEDED", operation
    answer = client.get(f"/v1/worlds/{operation['world_id']}")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.json()["prompt"]["text"] == (kept or answer.json()["prompt"]["text"])
    assert answer.json()["name"] == sent[:40].replace("\r\n", " ").strip()
    found = client.get("/v1/worlds", params={"q": answer.json()["prompt"]["text"][:60]}).json()["worlds"]
    assert operation["world_id"] in [world["id"] for world in found], "it can be found by its own words, whatever they are"


RENDERS: dict[str, dict[str, Any]] = {
    "13 width 0": {"width": 0},
    "13 width -1": {"width": -1},
    "13 width 1": {"width": 1},
    "13 width 10^6": {"width": 10**6},
    "13 too many pixels": {"width": 4096, "height": 4096},
    "13 odd width of a film": {"path": "walk", "width": 641, "height": 360},
    "14 fps 0": {"path": "walk", "fps": 0},
    "14 fps 10^9": {"path": "walk", "fps": 10**9},
    "14 seconds 0": {"path": "walk", "seconds": 0},
    "14 seconds 10^9": {"path": "walk", "seconds": 1e9},
    "14 field of view 180": {"fov": 180},
    "15 too many frames": {"path": "orbit", "seconds": 120, "fps": 60, "width": 4096, "height": 4096},
    "15 1,001 keyframes": {"path": {"keyframes": [{"time": t, "position": [0, 1, 0], "yaw": 0} for t in range(1_001)]}},
    "15 keyframes of 10 minutes": {
        "path": {"keyframes": [{"time": t, "position": [0, 1, t], "yaw": 0} for t in (0, 600)]},
        "fps": 60,
        "width": 4096,
        "height": 2160,
    },
    "16 unknown camera": {"camera": CANARY},
    "16 unknown layer": {"layer": CANARY},
    "16 camera without sight": {"camera": {"position": [0, 0, 0], "look_at": [0, 0, 0]}},
    "16 camera with two sights": {"camera": {"position": [0, 0, 0], "look_at": [1, 0, 0], "yaw": 5}},
    "16 camera far away": {"camera": {"position": [1e30, 0, 0]}},
    "16 camera in a plane": {"camera": {"position": [0, 0]}},
    "16 keyframes back in time": {"path": {"keyframes": [{"time": t, "position": [0, 1, 0], "yaw": 0} for t in (0, 2, 1)]}},
    "16 no keyframes": {"path": {"keyframes": []}},
    "17 film and camera": {"path": "walk", "camera": "left"},
    "17 picture with seconds": {"seconds": 3},
}


@pytest.mark.parametrize("group", RENDERS)
def test_a_bad_request_for_a_picture_is_refused(client: httpx.Client, ball: str, group: str) -> None:
    problem(client.post(f"/v1/worlds/{ball}:render", json=RENDERS[group]), "invalid_request", canary=CANARY)


EXPORTS: dict[str, dict[str, Any]] = {
    "16 unknown format": {"format": CANARY},
    "16 no format": {},
    "16 unknown axes": {"format": "ply", "axes": CANARY},
    "16 unknown unit": {"format": "ply", "unit": "inch"},
    "17 a level of a mesh": {"format": "scene", "level": "100k"},
    "17 a package in centimetres": {"format": "package", "unit": "cm"},
}


@pytest.mark.parametrize("group", EXPORTS)
def test_a_bad_request_for_a_file_is_refused(client: httpx.Client, ball: str, group: str) -> None:
    problem(client.post(f"/v1/worlds/{ball}:export", json=EXPORTS[group]), "invalid_request", canary=CANARY)


KINDS = ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", "nonsense"]


@pytest.mark.parametrize("kind", KINDS)
def test_20_bodies_that_are_not_called_json_are_refused(client: httpx.Client, ball: str, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    for method, path in (("POST", "/v1/worlds:generate"), ("POST", f"/v1/worlds/{ball}:export"), ("PATCH", f"/v1/worlds/{ball}")):
        problem(client.request(method, path, content=spoken(), headers=headers), "unsupported_media_type")


def test_20_json_goes_by_several_names(client: httpx.Client, ball: str) -> None:
    for kind in ("application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"):
        answer = client.patch(f"/v1/worlds/{ball}", content=b'{"visibility": "private"}', headers={"Content-Type": kind})
        assert answer.status_code == 200, answer.text
