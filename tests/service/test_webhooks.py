"""Webhooks, received by a real server: signed, tried again, once for each operation, and never sent where they must not go."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpcore2
import httpx2 as httpx
import pytest
from standardwebhooks import Webhook as Verifier

from app.errors import Refusal
from app.outside.address import destination_of, is_public
from app.webhooks import ERRAND
from app.webhooks.connection import Connection, NotDelivered
from app.webhooks.delivery import CLAIM_S, GIVE_UP_AFTER, JITTER, LAST_START_S, RETRY_S, Courier, next_try
from tests.service.receiving import Answer, Message, Receiver
from tests.service.running import Service, finished, keys, quick

IN_A_MOMENT_S = 60.0
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture(scope="module")
def open_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with keys whose webhooks may go to this machine."""
    settings = {"WORLDLOOM_ALLOW_PRIVATE_WEBHOOKS": "true", "WORLDLOOM_REQUIRE_KEYS": "true"}
    running = Service(tmp_path_factory.mktemp("webhooks") / "data", settings).start()
    yield running
    assert running.stop() == 0


def tenant(service: Service, name: str) -> httpx.Client:
    """A client of a tenant of its own, so that tests do not hear of each other's operations."""
    return service.client(keys(service, name, "--tenant", name)["key"])


def make(client: httpx.Client, receiver: Receiver, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/webhooks", json={"url": receiver.url, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def deliveries(client: httpx.Client, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of a webhook, the oldest first."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        asked = {"page_size": 7} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"/v1/webhooks/{webhook['id']}/deliveries", params=asked).json()
        found += page["deliveries"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found[::-1]


def settled(client: httpx.Client, webhook: dict[str, Any], state: str, *, count: int = 1) -> list[dict[str, Any]]:
    """The messages of a webhook, once `count` of them stand in a state."""
    end = time.monotonic() + IN_A_MOMENT_S
    while time.monotonic() < end:
        found = deliveries(client, webhook)
        if sum(one["state"] == state for one in found) >= count:
            return found
        time.sleep(0.2)
    raise AssertionError(found)


def signature_by_hand(secret: str, message: Message) -> str:
    """What the text of Standard Webhooks says, without its library."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join([message.headers["webhook-id"].encode(), message.headers["webhook-timestamp"].encode(), message.body])
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def test_each_ending_is_told_once_and_signed(open_service: Service) -> None:
    with tenant(open_service, "endings") as client, Receiver() as receiver:
        webhook = make(client, receiver)
        assert webhook["secret"].startswith("whsec_")
        assert 24 <= len(base64.b64decode(webhook["secret"][6:])) <= 64
        good = finished(client, client.post("/v1/worlds:generate", json=quick("a ball and ümlauts")).json())
        bad = finished(client, client.post("/v1/worlds:generate", json=quick("a ball to fail")).json())
        slow = client.post("/v1/worlds:generate", json=quick("a ball in 50 seconds")).json()
        client.post(f"/v1/operations/{slow['id']}:cancel")
        gone = finished(client, slow)
        again = client.post(f"/v1/worlds/{good['world_id']}:export", params={"wait": "30s"}, json={"format": "ply", "unit": "cm"}).json()
        ready = client.post(f"/v1/worlds/{good['world_id']}:export", json={"format": "ply", "unit": "cm"}).json()
        assert ready["done"], "final from the start"
        told = {json.loads(message.body)["data"]["operation_id"]: message for message in receiver.wait_for(5)}
        for operation, event in ((good, "succeeded"), (bad, "failed"), (gone, "cancelled"), (again, "succeeded"), (ready, "succeeded")):
            message = told[operation["id"]]
            payload = Verifier(webhook["secret"]).verify(message.body, message.headers)
            assert message.headers["webhook-signature"] == signature_by_hand(webhook["secret"], message)
            assert message.headers["content-type"] == "application/json"
            assert message.path == "/hooks?of=test"
            assert payload == {
                "type": f"operation.{event}",
                "timestamp": payload["timestamp"],
                "data": {
                    "operation_id": operation["id"],
                    "world_id": operation["world_id"],
                    "kind": operation["kind"],
                    "state": event.upper(),
                    "error_code": (operation["error"] or {}).get("code"),
                },
            }
            assert datetime.fromisoformat(payload["timestamp"]) == datetime.fromisoformat(operation["finished_at"])
        listed = settled(client, webhook, "delivered", count=5)
        time.sleep(3)  # three more rounds of the courier
        assert len(receiver.messages) == len(listed) == 5
        assert {one["id"] for one in listed} == {message.headers["webhook-id"] for message in receiver.messages}
        assert {(one["attempts"], one["status"], one["problem"], one["next_at"]) for one in listed} == {(1, 204, None, None)}
        assert "ümlauts" not in "".join(message.body.decode() for message in receiver.messages), "prompts are not told"


def test_only_wanted_events_are_told(open_service: Service) -> None:
    with tenant(open_service, "wanted") as client, Receiver() as receiver:
        webhook = make(client, receiver, events=["operation.failed"])
        assert client.get("/v1/webhooks").json()["webhooks"] == [{k: v for k, v in webhook.items() if k != "secret"}]
        finished(client, client.post("/v1/worlds:generate", json=quick()).json())
        finished(client, client.post("/v1/worlds:generate", json=quick("fail")).json())
        assert json.loads(receiver.wait_for(1)[0].body)["type"] == "operation.failed"
        assert len(settled(client, webhook, "delivered")) == 1


def test_the_test_message_arrives(open_service: Service) -> None:
    with tenant(open_service, "trial") as client, Receiver() as receiver:
        webhook = make(client, receiver, events=["operation.failed"])
        for _ in range(2):
            answer = client.post(f"/v1/webhooks/{webhook['id']}:test")
            assert answer.status_code == 202
            assert (answer.json()["state"], answer.json()["operation_id"]) == ("waiting", None)
        for message in receiver.wait_for(2):
            payload = Verifier(webhook["secret"]).verify(message.body, message.headers)
            assert (payload["type"], payload["data"]) == ("webhook.test", {"webhook_id": webhook["id"]})


def test_a_failure_is_tried_again_with_the_same_id(open_service: Service) -> None:
    def respond(message: Message) -> Answer:
        return 500 if message.number == 0 else 200

    with tenant(open_service, "again") as client, Receiver(respond) as receiver:
        webhook = make(client, receiver)
        client.post(f"/v1/webhooks/{webhook['id']}:test")
        receiver.wait_for(1)
        waiting = settled(client, webhook, "waiting")[0]
        first, second = receiver.wait_for(2)
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body
        for message in (first, second):
            Verifier(webhook["secret"]).verify(message.body, message.headers)
        assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) >= int(RETRY_S[0] * (1 - JITTER))
        done = settled(client, webhook, "delivered")[0]
        assert (done["attempts"], done["status"], done["problem"]) == (2, 200, None)
        assert waiting["attempts"] <= 1


def test_a_redirect_is_not_followed(open_service: Service) -> None:
    with tenant(open_service, "elsewhere") as client, Receiver() as other:
        for status in (301, 302, 307, 308):

            def respond(message: Message, status: int = status) -> Answer:
                return status, {"Location": other.url}, b"elsewhere"

            with Receiver(respond) as receiver:
                webhook = make(client, receiver)
                client.post(f"/v1/webhooks/{webhook['id']}:test")
                receiver.wait_for(1)
                end = time.monotonic() + IN_A_MOMENT_S
                while not (found := deliveries(client, webhook)[0])["attempts"] and time.monotonic() < end:
                    time.sleep(0.1)
                assert (found["state"], found["status"]) == ("waiting", status)
                assert "redirects are not followed" in found["problem"]
        assert other.connections == 0


def test_gone_switches_the_webhook_off(open_service: Service) -> None:
    with tenant(open_service, "gone") as client, Receiver(lambda message: 410) as receiver:
        webhook = make(client, receiver)
        for _ in range(3):
            client.post(f"/v1/webhooks/{webhook['id']}:test")
        given_up = settled(client, webhook, "given_up", count=3)
        assert client.get(f"/v1/webhooks/{webhook['id']}").json()["enabled"] is False
        assert client.post(f"/v1/webhooks/{webhook['id']}:test").status_code == 409
        finished(client, client.post("/v1/worlds:generate", json=quick()).json())
        time.sleep(3)
        assert len(receiver.messages) == 1
        assert len(deliveries(client, webhook)) == len(given_up) == 3


def test_receivers_that_never_answer_hold_up_nobody(open_service: Service) -> None:
    """One by one, the silent ones' messages would take their time-out of 10 s each: 40 messages, 400 s."""
    released = threading.Event()

    def silent(message: Message) -> Answer:
        released.wait(120)
        return 200

    with (
        tenant(open_service, "silent") as slow_client,
        tenant(open_service, "quick") as client,
        Receiver(silent) as black_hole,
        Receiver() as receiver,
    ):
        holes = [make(slow_client, black_hole) for _ in range(8)]
        for hole in holes * 5:
            slow_client.post(f"/v1/webhooks/{hole['id']}:test")
        black_hole.wait_for(1)
        webhook = make(client, receiver)
        for _ in range(30):
            client.post(f"/v1/webhooks/{webhook['id']}:test")
        receiver.wait_for(30)
        workers = [row["seen_at"] for row in _workers(open_service)]
        assert workers, "the worker lives"
        settled(client, webhook, "delivered", count=30)
        assert "no answer within 10 s" in _problem_of(slow_client, holes)
        released.set()
        for hole in holes:
            slow_client.delete(f"/v1/webhooks/{hole['id']}")


def _problem_of(client: httpx.Client, webhooks: list[dict[str, Any]]) -> str:
    end = time.monotonic() + IN_A_MOMENT_S
    while time.monotonic() < end:
        for webhook in webhooks:
            for one in deliveries(client, webhook):
                if one["problem"]:
                    return str(one["problem"])
        time.sleep(0.2)
    raise AssertionError("no try has failed")


def _workers(service: Service) -> list[dict[str, Any]]:
    with service.client(keys(service, "admin", "--scope", "admin")["key"]) as admin:
        return [row for row in admin.get("/v1/system").json()["workers"] if row["alive"]]


def test_a_long_or_slow_answer_is_not_read(open_service: Service) -> None:
    """The status counts; ten gigabytes behind it are not waited for."""

    def respond(message: Message) -> Answer:
        return 200, {"Content-Length": str(10**10)}, b"x" * 5_000

    with tenant(open_service, "talkative") as client, Receiver(respond) as receiver:
        webhook = make(client, receiver)
        client.post(f"/v1/webhooks/{webhook['id']}:test")
        assert settled(client, webhook, "delivered")[0]["status"] == 200


def test_webhooks_belong_to_their_tenant(open_service: Service) -> None:
    with tenant(open_service, "owner") as owner, tenant(open_service, "stranger") as stranger, Receiver() as receiver:
        webhook = make(owner, receiver)
        here = f"/v1/webhooks/{webhook['id']}"
        assert stranger.get("/v1/webhooks").json() == {"webhooks": []}
        for answer in (stranger.get(here), stranger.delete(here), stranger.post(f"{here}:test"), stranger.get(f"{here}/deliveries")):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        finished(stranger, stranger.post("/v1/worlds:generate", json=quick()).json())
        finished(owner, owner.post("/v1/worlds:generate", json=quick()).json())
        receiver.wait_for(1)
        time.sleep(2)
        assert len(receiver.messages) == 1
        cursor = owner.get(f"{here}/deliveries", params={"page_size": 1}).json()["next_cursor"]
        assert cursor is None
        assert owner.delete(here).json() == {"id": webhook["id"], "deleted": True}
        assert owner.get(here).status_code == 404


def test_a_tenant_has_at_most_twenty(open_service: Service) -> None:
    with tenant(open_service, "many") as client, Receiver() as receiver:
        for _ in range(20):
            make(client, receiver)
        answer = client.post("/v1/webhooks", json={"url": receiver.url})
        assert (answer.status_code, answer.json()["code"]) == (403, "quota_exceeded")


def test_making_needs_the_scope_write(open_service: Service) -> None:
    with open_service.client(keys(open_service, "looker", "--scope", "read")["key"]) as client, Receiver() as receiver:
        assert client.get("/v1/webhooks").status_code == 200
        assert client.post("/v1/webhooks", json={"url": receiver.url}).json()["code"] == "scope_missing"


def test_certificates_are_checked(tmp_path: Path) -> None:
    """The name in the URL must stand in a certificate that is trusted, although the connection goes to an address."""
    import ssl

    authority, certificate = certificates(tmp_path)
    trusted = ssl.create_default_context(cafile=authority)
    with Receiver(certificate=certificate) as receiver:
        with Connection(receiver.url, tls=trusted, allow_private=True) as connection:
            assert [connection.post(b"{}", {}) for _ in range(3)] == [204] * 3
        assert receiver.connections == 1, "the line is used again"
        for url, context in ((receiver.url.replace("localhost", "127.0.0.1"), trusted), (receiver.url, httpcore2.default_ssl_context())):
            with Connection(url, tls=context, allow_private=True) as connection, pytest.raises(NotDelivered, match="CERTIFICATE_VERIFY"):
                connection.post(b"{}", {})
        assert len(receiver.messages) == 3


def certificates(folder: Path) -> tuple[str, str]:
    """(file of an authority, file of key and certificate for `localhost`)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    moment = datetime.now(UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    built = {}
    for subject, public, extensions in (
        ("authority", root_key.public_key(), [(x509.BasicConstraints(ca=True, path_length=None), True), (usage, True)]),
        ("localhost", key.public_key(), [(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)]),
    ):
        builder = x509.CertificateBuilder(name("authority"), name(subject), public, x509.random_serial_number())
        builder = builder.not_valid_before(moment - timedelta(days=1)).not_valid_after(moment + timedelta(days=1))
        identifiers = [
            (x509.SubjectKeyIdentifier.from_public_key(public), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False),
        ]
        for extension, critical in [*extensions, *identifiers]:
            builder = builder.add_extension(extension, critical)
        built[subject] = builder.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "authority.pem").write_bytes(built["authority"])
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "localhost.pem").write_bytes(private + built["localhost"])
    return str(folder / "authority.pem"), str(folder / "localhost.pem")


# -- where messages must not go --------------------------------------------------------------------------------------------------------

NOT_PUBLIC = [
    "http://127.0.0.1",
    "http://127.8.9.10/hook",
    "http://localhost/hook",
    "http://LOCALHOST",
    "http://[::1]",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::]",
    "http://0.0.0.0",
    "http://10.0.0.1",
    "http://172.31.255.255",
    "http://192.168.1.1",
    "http://100.64.0.1",
    "http://169.254.169.254/latest/meta-data",
    "http://[fe80::1]",
    "http://[fd00:ec2::254]",
    "http://[fec0::1]",
    "http://224.0.0.1",
    "http://[ff02::1]",
    "http://240.0.0.1",
    "http://255.255.255.255",
    "http://192.88.99.1",
    "http://198.18.0.1",
    "http://203.0.113.7",
    "http://[2001:db8::1]",
    "http://[::ffff:7f00:1]",
    "http://[::ffff:127.0.0.1]",
    "http://[::ffff:8.8.8.8]",
    "http://[::127.0.0.1]",
    "http://[64:ff9b::7f00:1]",
    "http://[64:ff9b:1::7f00:1]",
    "http://[2002:7f00:1::]",
    "http://[2002:a9fe:a9fe::1]",
    "http://[2001:0:5ef5:79fd:0:0:80ff:fffe]",
    "http://[2606:4700::5efe:7f00:1]",
    "http://[2606:4700::200:5efe:7f00:1]",
]
MISSPELT = [
    "http://0x7f.1",
    "http://0x7f000001",
    "http://2130706433",
    "http://127.1",
    "http://127.0.1",
    "http://0177.0.0.1",
    "http://127.0.0.01",
    "http://127.0.0.1.",
    "http://%6cocalhost",
    "http://%31%32%37.0.0.1",
    "http://ⓛocalhost",
    "http://１２７.0.0.1",
    "http://127。0。0。1",
    "http://exa mple.org",
    "http://example.org\\@127.0.0.1/",
    "http://example.org/\r\nHost: localhost",
    "http://\tlocalhost",
    " http://example.org",
    "http://[::1%25lo]/",
    "http://[::1",
    "http://[::1]x/",
    "http://example.org:80:80/",
    "http://example.org:8a/",
    "http://-example.org",
    "http://exam..ple.org",
    f"http://{'a' * 64}.org",
    "http://",
    "http:///hook",
    "http:/example.org",
    "http:example.org",
    "//example.org",
    "example.org",
    "",
]
OTHER_REASONS = [
    "file:///etc/passwd",
    "gopher://example.org",
    "ftp://example.org",
    "javascript:alert(1)",
    "data:,x",
    "unix:///run/docker.sock",
    "https://user@example.org",
    "https://user:password@example.org",
    "https://example.org@127.0.0.1",
    "https://example.org#@127.0.0.1",
    "https://example.org/#fragment",
    "http://example.org:22",
    "http://example.org:8080",
    "http://example.org:0",
    "http://example.org:65536",
    "http://example.org:99999",
    "https://no-such-host.invalid/hook",
    "https://example.org/" + "x" * 2_000,
    "https://example.org/\x00",
    "https://example.org/\x1b[31m",
]


@pytest.mark.parametrize("url", NOT_PUBLIC + MISSPELT + OTHER_REASONS)
def test_bad_urls_are_refused(client: httpx.Client, url: str) -> None:
    """Groups 44 and 45 of the bad inputs."""
    answer = client.post("/v1/webhooks", json={"url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), answer.text
    assert client.get("/v1/webhooks").json() == {"webhooks": []}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": None},
        {"url": 7},
        {"url": ["https://example.org"]},
        {"url": "https://example.org", "events": []},
        {"url": "https://example.org", "events": ["operation.started"]},
        {"url": "https://example.org", "events": "operation.failed"},
        {"url": "https://example.org", "secret": "whsec_AAAA"},
    ],
)
def test_bad_bodies_are_refused(client: httpx.Client, body: dict[str, Any]) -> None:
    answer = client.post("/v1/webhooks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["pointer"].startswith("/")


@pytest.mark.parametrize("identity", ["whk_0000", "op_0000", "..", "%00", "whk_" + "0" * 50])
def test_ids_that_are_none_are_not_found(client: httpx.Client, identity: str) -> None:
    assert client.get(f"/v1/webhooks/{identity}").status_code == 404
    assert client.post(f"/v1/webhooks/{identity}:test").status_code == 404


def test_private_and_public_addresses_agree_with_the_registries() -> None:
    """The registries of special addresses (RFC 6890 and its followers) at both ends of each block, and neighbours that are public."""
    special = """0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16
    198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 ::/96 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64
    2001::/32 2001:2::/48 2001:10::/28 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8"""
    for block in map(ipaddress.ip_network, special.split()):
        for inside in (block[0], block[1], block[-1], block[block.num_addresses // 2]):
            assert not is_public(str(inside)), f"{inside} in {block}"
    public = "1.1.1.1 8.8.8.8 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 223.255.255.255"
    for address in [*public.split(), "2606:4700::1111", "2a00:1450:4001::200e", "2001:4860:4860::8888", "2400:cb00::1"]:
        assert is_public(address), address


def test_a_url_has_one_meaning_for_all() -> None:
    """What we check and what the HTTP library would connect to are the same host and port."""
    for url in (
        "https://hooks.example.org",
        "HTTP://Hooks.Example.ORG:80/a?b=//c@d",
        "https://[2606:4700::1111]/x",
        "http://1.1.1.1?x",
        "https://_a.b-c.d",
    ):
        ours, theirs = destination_of(url, ERRAND, allow_private=False), httpcore2.URL(url)
        assert (ours.scheme, ours.host, ours.port) == (theirs.scheme.decode(), theirs.host.decode().lower(), theirs.origin.port)


def test_a_name_that_leads_home_later_is_not_followed(client: httpx.Client, service: Service) -> None:
    """Name servers may answer otherwise at delivery than at creation: so webhooks are put into the database that were never vetted."""
    from app.database import Database, now
    from app.tables import Webhook, WebhookDelivery

    database = Database(f"sqlite:///{service.data / 'worldloom.db'}")
    with Receiver() as receiver:
        for port, why in ((receiver.port, "is not open to webhooks"), (80, "private network")):
            one = f"whk_{port:032d}"
            row = Webhook(id=one, tenant_id="ten_local", url=f"http://localhost:{port}/", secret=SECRET, events=[], created_at=now())
            message = {"type": "webhook.test", "data": {}}
            with database.writing() as session:
                session.add(row)
                session.flush()
                session.add(WebhookDelivery(id=f"dlv_{port:032d}", webhook_id=one, operation_id=one, payload=message, next_at=now()))
            assert why in _problem_of(client, [{"id": one}])
            client.delete(f"/v1/webhooks/{one}")
        assert receiver.connections == 0
    database.close()


def test_a_name_that_changes_between_two_looks_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: whatever the name servers say, the connection goes to the address that was looked at, and to no private one."""
    import socket
    import ssl

    with Receiver() as receiver:
        answers = iter(["8.8.8.8", "127.0.0.1"])
        asked: list[str] = []

        def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
            asked.append(host)
            address = host if host[0].isdigit() else next(answers)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        url = f"http://rebinding.example:{receiver.port}/"
        assert socket.getaddrinfo("rebinding.example", 80)[0][4][0] == "8.8.8.8", "as at creation"
        tls = ssl.create_default_context()
        for tried, problem in ((url, "port"), ("http://rebinding.example/", "private network")):
            with Connection(tried, tls=tls, allow_private=False) as connection, pytest.raises(NotDelivered, match=problem):
                connection.post(b"{}", {})
        assert asked == ["rebinding.example", "rebinding.example"], "the name is asked once for a connection"
        assert receiver.connections == 0


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    import ssl

    with Receiver() as proxy, Receiver() as receiver:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with Connection(receiver.url, tls=ssl.create_default_context(), allow_private=True) as connection:
            assert connection.post(b"{}", {}) == 204
        assert (proxy.connections, len(receiver.messages)) == (0, 1)


# -- the times of tries ----------------------------------------------------------------------------------------------------------------


def test_tries_spread_over_a_day_and_end() -> None:
    created = moment = datetime(2026, 11, 25, tzinfo=UTC)
    waits = []
    for tries in range(1, 100):
        following = next_try(tries, created_at=created, moment=moment)
        if following is None:
            break
        waits.append((following - moment).total_seconds())
        moment = following
    assert len(waits) == len(RETRY_S)
    for wait, most in zip(waits, RETRY_S, strict=True):
        assert most * (1 - JITTER) <= wait <= most
    assert timedelta(hours=18) < moment - created <= GIVE_UP_AFTER


def test_two_couriers_never_send_the_same_message(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Two couriers on one database, as when the household changes hands, on SQLite and on PostgreSQL."""
    from app.database import Database, now
    from app.identity import DELIVERY, new_id
    from app.preparing import prepare
    from app.settings import Settings
    from app.tables import Webhook, WebhookDelivery

    for url in (None, request.getfixturevalue("postgres")):
        settings = Settings(data=tmp_path, database_url=url, allow_private_webhooks=True, _env_file=None)  # type: ignore[call-arg]
        prepare(settings.database)
        database = Database(settings.database)
        with Receiver() as receiver:
            with database.writing() as session:
                session.add(Webhook(id="whk_one", tenant_id="ten_local", url=receiver.url, secret=SECRET, events=[], created_at=now()))
                session.flush()
                for _ in range(120):
                    one = new_id(DELIVERY)
                    session.add(WebhookDelivery(id=one, webhook_id="whk_one", operation_id=one, payload={"data": {}}, next_at=now()))
            couriers = [Courier(settings, Database(settings.database)) for _ in range(2)]
            end = time.monotonic() + IN_A_MOMENT_S
            while len(receiver.messages) < 120 and time.monotonic() < end:
                for courier in couriers:
                    courier.deliver_due()
                time.sleep(0.02)
            for courier in couriers:
                courier.stop()
                courier._database.close()
            ids = [message.headers["webhook-id"] for message in receiver.messages]
            assert len(ids) == len(set(ids)) == 120
        database.close()


def test_a_claim_outlasts_the_slowest_message() -> None:
    from app.webhooks.connection import TIMEOUT_S

    assert TIMEOUT_S < LAST_START_S < CLAIM_S


def test_refusals_are_sentences() -> None:
    with pytest.raises(Refusal, match="port 8080 is not open to webhooks: use 443 or 80"):
        destination_of("https://example.org:8080", ERRAND, allow_private=False)
    assert destination_of("https://example.org:8080", ERRAND, allow_private=True).authority == "example.org:8080"
