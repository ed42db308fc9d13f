"""Speech: what people say while they think: hesitations, hedges, what is put right or left out, and themselves in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.language.headings import SHOWING
from pipelines.language.inflection import plural, singulars
from pipelines.language.lexicon import MODIFIERS, Lexicon, Role, split
from pipelines.language.paraphrase import BREAKS, cover, paraphrased
from pipelines.language.tokens import Token, TokenKind, key, tokenise

_PHRASE = 5  # tokens of the longest phrase that is taken back
_LED_UP_TO = frozenset({"and", "then", "with", "is", "are", "have", "has", "want", "need", "theres"})
"""Before "like three cows" they say that the cows are there; after a noun it is a comparison."""
_BY = frozenset({"by", "next", "beside", "behind", "near", "under", "between"})
_PICTURED = {"me": ("1 person", "the person"), "us": ("2 people", "them")}
_PICTURES = SHOWING | {"selfie"}
_LEAVE, _OUT = frozenset({"leave", "leaving", "keep", "keeping", "take", "taking", "cut", "cutting"}), frozenset({"out", "away"})
_GONE = frozenset({"removed", "missing", "gone"})
_OF_IT = (("of", "it"), ("of", "this"), ("of", "that"), *(("of", "the", whole) for whole in ("picture", "scene", "view", "frame", "image")))
_SHONE = frozenset({"light", "lights", "lamp", "lamps", "candle", "candles", "fire"})  # "leave the lights out": they are there
_DOUBTING = frozenset({"well", "actually", "wait", "sorry"})
"""Between commas they set right what was named by the same noun before."""
_SHOWN = (("here",), ("heres",), ("here", "is"), ("this", "is"), ("thats",), ("that", "is"))


def plainly(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[Token, ...]:
    """The tokens as they would have been written: what is dropped is covered by the word before or after it, so that none gets lost."""
    said = _without_hesitations(list(tokens), lexicon)
    said = _left_out(_without_hedges(_put_right(said, lexicon), lexicon))
    return tuple(_pictured(paraphrased(said, lexicon)))


def _without_hesitations(tokens: list[Token], lexicon: Lexicon) -> list[Token]:
    """ "um" is nothing; "a big barn um a red one" is a big red barn."""
    words = frozenset(split(lexicon.data["hesitations"]))
    at = 0
    while at < len(tokens):
        if tokens[at].form not in words:
            at += 1
            continue
        looks, end = _looks_of_one(tokens, at + 1, lexicon)
        begin = _begins(tokens, at, lexicon)
        if looks and begin is not None:
            tokens = [*tokens[: begin + 1], *looks, *tokens[begin + 1 : at], *tokens[end:]]
        else:
            tokens = cover(tokens, at, at + 1)
            if 0 < at < len(tokens) and tokens[at - 1].kind is tokens[at].kind is TokenKind.COMMA:
                tokens = cover(tokens, at - 1, at)  # "please, um, two": one comma
    return tokens


def _looks_of_one(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int]:
    """The "red" of "a red one" that begins at `at`, and where that ends."""
    forms = [token.form for token in tokens[at : at + _PHRASE]]
    if forms[:1] not in (["a"], ["an"]) or "one" not in forms[2:]:
        return [], at
    end = at + forms.index("one")
    looks = list(tokens[at + 1 : end])
    return (looks, end + 1) if all(lexicon.lookup((one.form,))[0].keys() & MODIFIERS for one in looks) else ([], at)


def _begins(tokens: Sequence[Token], end: int, lexicon: Lexicon) -> int | None:
    """Where the phrase that ends before `end` begins with an article or a number, None where it has neither."""
    for at in range(end - 1, max(end - 1 - _PHRASE, -1), -1):
        if tokens[at].kind in BREAKS:
            return None
        if _is_first(tokens[at], lexicon):
            return at
    return None


def _is_first(token: Token, lexicon: Lexicon) -> bool:
    return token.kind is TokenKind.NUMBER or bool(lexicon.lookup((token.form,))[0].keys() & {Role.DETERMINER, Role.NUMBER})


def _put_right(tokens: list[Token], lexicon: Lexicon) -> list[Token]:
    """ "a dog no wait two dogs" are two dogs: the phrase before such words goes when another one follows them."""
    marks = sorted((key(words) for words in split(lexicon.data["corrections"])), key=len, reverse=True)
    at = 0
    while at < len(tokens):
        mark = next((one for one in marks if tuple(token.form for token in tokens[at : at + len(one)]) == one), None)
        doubted = mark is None and tokens[at].form in _DOUBTING and at > 0 and tokens[at - 1].kind is TokenKind.COMMA
        mark = (tokens[at].form,) if doubted else mark
        after = at + len(mark) if mark is not None else at
        after += mark is not None and after < len(tokens) and tokens[after].kind is TokenKind.COMMA
        before = at - (at > 0 and tokens[at - 1].kind is TokenKind.COMMA)
        begin = _begins(tokens, before, lexicon) if mark is not None and after < len(tokens) else None
        if begin is None or not _is_first(tokens[after], lexicon):
            at += 1
            continue
        first = _named_before(tokens, before, after, lexicon)
        if first is None and doubted:
            at += 1
            continue  # "a barn, well, two cows"
        if first is not None:  # "a snowman in the garden, no wait, two snowmen": where the first one was said to be
            named, ends = first
            place = tokens[named[0] : named[1]]
            right = [replace(token, start=place[0].start, end=place[-1].end) for token in tokens[after:ends]]
            tokens = cover(tokens, before, ends)
            tokens[named[0] : named[1]] = right
            at = begin
            continue
        tokens = cover(tokens, begin, after)
        at = begin
    return tokens


def _named_before(tokens: Sequence[Token], end: int, after: int, lexicon: Lexicon) -> tuple[tuple[int, int], int] | None:
    """The phrase before `end` with the noun of the one that begins at `after`, and where that ends; None where it is the last before."""
    stop = next(
        (at for at in range(after, min(after + _PHRASE, len(tokens))) if tokens[at].kind in BREAKS), min(after + _PHRASE, len(tokens))
    )
    noun = next((at for at in range(after + 1, stop) if lexicon.lookup((tokens[at].form,))[0].keys() & {Role.THING}), None)
    while noun is not None and noun + 1 < stop and lexicon.lookup((tokens[noun + 1].form,))[0].keys() & {Role.THING}:
        noun += 1
    if noun is None:
        return None
    alike = {tokens[noun].form, plural(tokens[noun].form), *singulars(tokens[noun].form, lexicon.irregular_plurals)}
    for at in range(end - 1, -1, -1):
        if tokens[at].kind is TokenKind.STOP:
            return None
        if tokens[at].form in alike:
            begin = _begins(tokens, at, lexicon)
            return None if begin is None else ((begin, at + 1), noun + 1)
    return None


def _without_hedges(tokens: list[Token], lexicon: Lexicon) -> list[Token]:
    """ "and then like three cows", "like by a lake": such a "like" compares nothing."""
    at = 1
    while at + 1 < len(tokens):
        before, after = tokens[at - 1].form, tokens[at + 1]
        counted = before in _LED_UP_TO and (after.kind is TokenKind.NUMBER or Role.NUMBER in lexicon.lookup((after.form,))[0])
        counted = counted or (before == "there" and after.form in ("a", "an", "some"))  # "there's like a big tree"
        if tokens[at].form == "like" and (counted or after.form in _BY):
            tokens = cover(tokens, at, at + 1)
        at += 1
    return tokens


def _left_out(tokens: list[Token]) -> list[Token]:
    """ "Leave the tractor out of it", "with the fridge removed": without it."""
    for at, token in enumerate(tokens):
        ends = _OUT if token.form in _LEAVE else _GONE if token.form == "with" else frozenset()
        last = next((k for k in range(at + 2, min(at + 2 + _PHRASE, len(tokens))) if tokens[k].form in ends), None)
        if last is None or any(one.kind in BREAKS or one.form in _SHONE or one.form == "with" for one in tokens[at + 1 : last]):
            continue
        forms = tuple(one.form for one in tokens[last + 1 : last + 4])
        end = last + 1 + next((len(words) for words in _OF_IT if forms[: len(words)] == words), 0)
        if end == len(tokens) or tokens[end].kind in BREAKS or tokens[end].form in ("and", "please", "but", "though"):
            told = cover(tokens, last, end)
            either = [replace(one, form="or") if one.form == "and" else one for one in told[at + 1 : last]]
            told[at:last] = [replace(tokenise("without")[0], start=told[at].start, end=told[at].end), *either]
            return _left_out(told)
    return tokens


def _pictured(tokens: list[Token]) -> list[Token]:
    """ "Here's me on the beach", "a photo of us": who speaks is in the picture, and "behind me" is behind somebody."""
    shown = next((at for at in range(1, len(tokens)) if tokens[at].form in _PICTURED and _shows(tokens, at)), None)
    if shown is None:
        return tokens
    first, again = _PICTURED[tokens[shown].form]
    if tokens[shown - 1].form == "of":
        begin = shown - 2 - (shown > 2 and tokens[shown - 3].form in ("a", "the", "this"))
        tokens, shown = cover(tokens, begin, shown), begin  # "a photo of me": me
    out: list[Token] = []
    for at, token in enumerate(tokens):
        if at < shown or token.form != tokens[shown].form:
            out.append(token)
        else:
            out += [replace(one, start=token.start, end=token.end) for one in tokenise(first if at == shown else again)]
    return out


def _shows(tokens: Sequence[Token], at: int) -> bool:
    forms = tuple(token.form for token in tokens[max(at - 2, 0) : at])
    return any(forms[len(forms) - len(words) :] == words for words in _SHOWN) or (forms[-1:] == ("of",) and forms[0] in _PICTURES)
