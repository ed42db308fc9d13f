"""What is signed can be handed out: nobody but us can make or change it, and it opens one thing only."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.signing import Signer

SIGNER = Signer(b"a secret of at least 32 characters")
OTHER = Signer(b"another secret of 32 characters!!")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(VALUES)
def test_a_sealed_value_comes_back_for_its_own_purpose_only(value: object) -> None:
    sealed = SIGNER.seal("worlds/ten_a", value)
    assert SIGNER.unseal("worlds/ten_a", sealed) == value
    assert SIGNER.unseal("worlds/ten_b", sealed) is None
    assert SIGNER.unseal("operations/ten_a", sealed) is None
    assert OTHER.unseal("worlds/ten_a", sealed) is None


def test_no_change_of_a_sealed_text_is_accepted() -> None:
    sealed = SIGNER.seal("worlds/ten_a", [1_700_000_000_000_000, "wld_0198c0de"])
    alphabet = "ABCabc019-_"
    changed = {sealed[:place] + letter + sealed[place + 1 :] for place in range(len(sealed)) for letter in alphabet} - {sealed}
    cut = {sealed[:length] for length in range(len(sealed))} | {
        sealed[1:],
        sealed + "A",
        sealed + "=",
        f" {sealed}",
        sealed[:9] + "!" + sealed[9:],
    }
    assert not [text for text in changed | cut if SIGNER.unseal("worlds/ten_a", text) is not None]


@given(st.text(max_size=200))
def test_whatever_else_is_sent_as_sealed_is_refused(text: str) -> None:
    assert SIGNER.unseal("worlds/ten_a", text) is None
    assert not SIGNER.admits("file", "wld_a/world.json", text)


def test_a_ticket_opens_one_thing_for_a_while() -> None:
    before = time.time()
    ticket = SIGNER.ticket("file", "wld_a/world.json", lasts_s=700)
    end = int(ticket.partition("-")[0], 16)
    assert before + 700 <= end <= before + 700 + 101, "it lasts as long as it was said to, and a seventh more at most"
    assert SIGNER.admits("file", "wld_a/world.json", ticket)
    assert ticket == SIGNER.ticket("file", "wld_a/world.json", lasts_s=700) or int(before) % 100 >= 98, "caches want the same link twice"
    for signer, purpose, subject in (
        (SIGNER, "file", "wld_a/splats.ply"),
        (SIGNER, "file", "wld_b/world.json"),
        (SIGNER, "upload", "wld_a/world.json"),
        (OTHER, "file", "wld_a/world.json"),
    ):
        assert not signer.admits(purpose, subject, ticket)


@pytest.mark.parametrize(
    "spelling",
    [
        lambda end, mark: f"{int(end, 16) + 86_400:x}-{mark}",
        lambda end, mark: f"0x{end}-{mark}",
        lambda end, mark: f"0{end}-{mark}",
        lambda end, mark: f"{end.upper()}A-{mark}",
        lambda end, mark: f"{end[0]}_{end[1:]}-{mark}",
        lambda end, mark: f"{end}-{mark[:-1]}",
        lambda end, mark: f"{end}-{mark}A",
        lambda end, mark: f"{end}-{mark.swapcase()}",
        lambda end, mark: f"{end}{mark}",
        lambda end, mark: f"-{mark}",
        lambda end, mark: f"{'f' * 4_000}-{mark}",
        lambda end, mark: "",
    ],
)
def test_a_ticket_has_one_spelling(spelling: object) -> None:
    assert callable(spelling)
    end, _, mark = SIGNER.ticket("file", "wld_a/world.json", lasts_s=700).partition("-")
    assert not SIGNER.admits("file", "wld_a/world.json", spelling(end, mark))


def test_a_ticket_runs_out() -> None:
    ticket = SIGNER.ticket("file", "wld_a/world.json", lasts_s=1)
    assert SIGNER.admits("file", "wld_a/world.json", ticket)
    time.sleep(max(0.0, int(ticket.partition("-")[0], 16) - time.time()) + 0.05)
    assert not SIGNER.admits("file", "wld_a/world.json", ticket)
