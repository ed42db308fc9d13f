"""Which world a number stands for: always the same, every place, and nothing held out among what is learnt from."""

from __future__ import annotations

from pipelines.places import places
from pipelines.spec import TimeOfDay, Weather
from pipelines.things import Library
from pipelines.training.worlds import HELD_OUT_PLACES, Split, asked


def test_numbers_stand_for_worlds() -> None:
    library = Library.load()
    first = [asked(Split.TRAIN, number, library) for number in range(200)]
    assert first[:5] == [asked(Split.TRAIN, number, library) for number in range(5)]
    assert {order.spec.place for order in first[: len(places()) - len(HELD_OUT_PLACES)]} == set(places()) - set(HELD_OUT_PLACES)
    assert {order.spec.time_of_day for order in first} == set(TimeOfDay)
    assert {order.spec.weather for order in first} == set(Weather)
    assert all(thing.kind in library.kinds for order in first for thing in order.spec.things)
    assert len({caption for order in first for caption in order.captions}) > 500


def test_what_is_held_out_is_not_learnt_from() -> None:
    library = Library.load()
    learnt = [asked(Split.TRAIN, number, library) for number in range(300)]
    held = [asked(Split.HELD_OUT, number, library) for number in range(60)]
    assert not {order.spec.place for order in learnt} & set(HELD_OUT_PLACES)
    assert {order.spec.place for order in held} >= set(HELD_OUT_PLACES)
    assert {order.spec.place in HELD_OUT_PLACES for order in held} == {True, False}
    assert not {order.seed for order in learnt} & {order.seed for order in held}


def test_captions_say_what_is_shown() -> None:
    library = Library.load()
    for number in range(60):
        order = asked(Split.TRAIN, number, library)
        nouns = [word.strip() for word in places()[order.spec.place].said.words.split(",")]
        assert all(any(noun in caption for noun in nouns) for caption in order.captions)
