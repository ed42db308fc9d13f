"""Paraphrase: turns of law, dialect, telegrams and second languages, put as the plain words that they stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from pipelines.language.inflection import singulars
from pipelines.language.interiors import within
from pipelines.language.lexicon import MODIFIERS, NOUNS, Lexicon, Role
from pipelines.language.tokens import Token, TokenKind, forms, put
from pipelines.language.turns import battling, counted_parts, looming, plays, shared, under_construction, waterside

BREAKS = (TokenKind.COMMA, TokenKind.STOP)
_LONGEST_PHRASE = 6  # tokens
_LEAST_LIST = 6  # tokens
_SALUTATION = 4  # tokens of the longest "Dear Mr Claus"
_ADVERBS_OF_PLACE = {
    "whereupon": "on which", "whereon": "on which", "wherein": "in which", "whereunder": "under which", "wherefrom": "from which",
    "thereon": "on it", "thereupon": "on it", "therein": "in it", "thereunder": "under it", "thereby": "by it", "thereof": "of it",
}  # fmt: skip
_SAME = (("the", "same"), ("the", "aforesaid"), ("the", "said", "item"))
_HANDED = frozenset(
    {"give", "show", "make", "draw", "bring", "build", "paint", "get", "tell", "send", "find", "design", "render", "create"}
)
"""Verbs after which "me" is whom it is for, not what is mine."""
_IN_NUMBER = (("in", "number"), ("in", "all"), ("in", "total"), ("head",), ("of", "them"), ("of", "these"), ("of", "those"))
_DOWN = frozenset({"down", "fallen", "toppled"})
_SIDES = {"left": "to the left of", "right": "to the right of"}
_ENDS = {"foot": "at the foot of", "base": "at the foot of", "side": "beside", "edge": "at the edge of", "rear": "behind", "back": "behind"}
_TOWARDS = frozenset({"to", "on", "at", "by"})
_NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_CLIMBED = frozenset({"ladder", "tree", "pole", "mast", "rope", "stairs", "steps", "staircase", "scaffold", "scaffolding", "drainpipe"})
_GROWING = ("grow", "grows", "sprout", "sprouts", "rise", "rises", "spring", "springs")
_HANGING = ("hang", "hangs", "dangle", "dangles", "swing", "swings")
_SOMEBODY = frozenset({"someone", "somebody", "they", "whoever"})
_LEAVING = frozenset({"left", "forgotten", "abandoned", "dropped", "put", "placed", "parked", "hung", "set", "laid"})
_STUDYING = frozenset({"researching", "studying", "teaching", "learning", "writing"})
_TRYING = frozenset({"test", "train", "simulate", "benchmark", "evaluate", "practise", "practice", "teach", "film", "demo", "try"})
_OF_ANYTHING = frozenset({
    "statue", "sculpture", "figurine", "figure", "toy", "model", "poster", "painting", "picture", "sign", "signs", "mask", "costume", "hat",
    "skull", "skeleton", "head", "egg", "eggs", "nest", "cage", "house", "hut", "food", "stall", "stalls", "stand", "shop", "cart", "truck",
    "van", "factory", "farm", "field", "tree", "trees", "plant", "plants", "juice", "soup", "pie", "cake", "box", "bag", "basket", "bowl",
    "rider", "player", "team", "family", "band", "flag", "suit", "ring", "holder", "rack", "bed", "garden",
})  # fmt: skip
"""Heads before which any thing says what they are of: a dragon statue is no dragon."""
_SPEAKERS = (("we",), ("i",), ("you",), ("they",), ("he",), ("she",), ("my",), ("our",), ("that",))
_AUDIENCE = frozenset({
    "kids", "children", "pupils", "students", "learners", "tourists", "visitors", "guests", "customers", "clients", "investors", "players",
    "readers", "viewers", "people", "colleagues", "friends", "grandchildren", "grandkids", "class", "team", "audience", "trustees",
})  # fmt: skip
_TOLD = frozenset({
    "show", "teach", "tell", "take", "took", "entertain", "impress", "surprise", "amuse", "explain", "present", "pitch", "demonstrate",
})  # fmt: skip
_KNOWING = frozenset({
    "know", "knows", "learn", "learns", "understand", "understands", "realise", "realises", "realize", "realizes", "feel", "feels",
    "guess", "guesses", "remember", "remembers",
})  # fmt: skip
_GOES_ON = frozenset({"with", "where", "and", "which", "that", "on", "in"})
_AGAIN = frozenset({"it", "they", "he", "she", "that", "those", "these"})
_ASIDE = frozenset({"now", "well", "though", "too"})


def paraphrased(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The tokens with every such turn put plainly; the new words keep the place in the text of those that they stand for."""
    said = _unsaluted(list(tokens))
    rules: tuple[Callable[[list[Token], int, Lexicon], tuple[list[Token], int] | None], ...] = (
        _legal, _dialect, _counted_behind, _owned_side, _partitive, _dislocated, _without_of,
        _half, _from_which, _gapped, _climbing, _other_of, _purpose, _somebody_left, _who_asks, _audience, _so_that,
        _like_the_one, within, counted_parts, looming, battling, waterside, under_construction, shared, _bare_list,
    )  # fmt: skip
    at = 0
    while at < len(said):
        found = next((one for rule in rules if (one := rule(said, at, lexicon)) is not None), None)
        if found is None:
            at += 1
            continue
        words, end = found
        said[at:end] = words or []
        at += len(words)
    return said


def cover(tokens: list[Token], at: int, end: int) -> list[Token]:
    """tokens without those of [at:end], which the one after them covers, or the one before them where they are the last."""
    before, rest = tokens[:at], tokens[end:]
    if rest:
        rest = [replace(rest[0], start=min(tokens[at].start, rest[0].start)), *rest[1:]]
    elif before:
        before = [*before[:-1], replace(before[-1], end=max(tokens[end - 1].end, before[-1].end))]
    return [*before, *rest]


def _ends(tokens: Sequence[Token], at: int) -> bool:
    return at >= len(tokens) or tokens[at].kind in BREAKS


def _number(token: Token, lexicon: Lexicon) -> bool:
    return token.kind is TokenKind.NUMBER or plays(token, lexicon, Role.NUMBER)


def _unsaluted(tokens: list[Token]) -> list[Token]:
    """ "Dear Santa, please …": whom a letter is to is not in the picture."""
    comma = next((at for at, token in enumerate(tokens[: _SALUTATION + 1]) if token.kind is TokenKind.COMMA), 0)
    return cover(tokens, 0, comma + 1) if comma > 1 and tokens[0].form == "dear" and comma + 1 < len(tokens) else tokens


def _legal(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "Item, one table, whereon a candle, and a chest next to the same."."""
    token = tokens[at]
    if token.form in _ADVERBS_OF_PLACE:
        return put(_ADVERBS_OF_PLACE[token.form], [token]), at + 1
    same = next((words for words in _SAME if forms(tokens, at, len(words)) == words), None)
    if same is not None and _ends(tokens, at + len(same)):
        return put("it", tokens[at : at + len(same)]), at + len(same)
    begins = at == 0 or tokens[at - 1].kind is TokenKind.STOP
    if token.form == "item" and begins and at + 2 < len(tokens) and tokens[at + 1].kind in BREAKS:
        return [replace(tokens[at + 2], start=token.start)], at + 3
    return None


def _dialect(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "a couple o' goats", "ham an' eggs", "me ship", "next 2 him": the short forms of "of", "and" and "to", and "me" for "my"."""
    token, following = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else None
    if following is None:
        return None
    if token.form in ("o", "an") and following.form == "'" and following.start == token.end:
        return put("of" if token.form == "o" else "and", tokens[at : at + 2]), at + 2
    if (token.form, following.form) == ("next", "2"):
        return put("next to", tokens[at : at + 2]), at + 2
    before = tokens[at - 1] if at else None
    if before is not None and plays(before, lexicon, Role.RELATION, Role.TURNED, Role.OF, Role.COMPARE):
        return None  # "a hill behind me"
    mine = token.form == "me" and (at == 0 or tokens[at - 1].form not in _HANDED) and following.kind is TokenKind.WORD
    senses, plural = lexicon.lookup((following.form,))
    if mine and Role.THING in senses and not plural and not senses.keys() & {Role.DETERMINER, Role.FUNCTION, Role.RELATION}:
        return put("my", [token]), at + 1
    return None


def _counted_behind(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "sheep, thirteen head, in a pen", "beds, four of them": a number alone behind the noun is how many there are."""
    if at == 0 or tokens[at - 1].kind is not TokenKind.COMMA:
        return None
    counts = (k for k in (3, 2, 1) if Role.NUMBER in lexicon.lookup(forms(tokens, at, k))[0])
    after = at + (1 if tokens[at].kind is TokenKind.NUMBER else next(counts, 0))
    tail = next((words for words in _IN_NUMBER if after > at and forms(tokens, after, len(words)) == words), None)
    if tail is None or not (_ends(tokens, after + len(tail)) or tail[0] not in ("of", "head")):
        return None
    end = after + len(tail)
    said = [*tokens[at : after - 1], replace(tokens[after - 1], end=tokens[end - 1].end)]
    return (said if _ends(tokens, end) else [*said, *put(",", [tokens[end - 1]])]), end


def _owned_side(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "to the table's left", "on the bench's right-hand side", "at the tower's foot": left of the table, at the foot of the tower."""
    if tokens[at].form not in _TOWARDS:
        return None
    owner = next((k for k in range(at + 1, min(at + _LONGEST_PHRASE, len(tokens))) if tokens[k].possessive), None)
    if owner is None or owner + 1 >= len(tokens) or any(one.kind in BREAKS for one in tokens[at:owner]):
        return None
    side, end = tokens[owner + 1].form, owner + 2
    if side in _SIDES:
        end += end < len(tokens) and tokens[end].form == "hand"
        end += end < len(tokens) and tokens[end].form == "side"
    meant = _SIDES.get(side) or _ENDS.get(side)
    goes_on = end < len(tokens) and plays(tokens[end], lexicon, *NOUNS) and not plays(tokens[end], lexicon, Role.VERB, Role.DETERMINER)
    if meant is None or goes_on or not plays(tokens[owner], lexicon, Role.THING, Role.GENERIC, Role.PLACE):
        return None  # "on the wolf's back": a part that things are on
    if side in ("side", "back") and tokens[at].form == "on":
        return None
    named = [*tokens[at + 1 : owner], replace(tokens[owner], possessive=False, end=tokens[end - 1].end)]
    return [*put(meant, [tokens[at]]), *named], end


def _partitive(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "Of six columns two are down": six columns, two fallen. "Five boats, one of which is red": one of them red."""
    if forms(tokens, at + 1, 2) == ("of", "which") and at + 4 < len(tokens) and _number(tokens[at], lexicon):
        plain = tokens[at + 3].form in ("is", "are") and plays(tokens[at + 4], lexicon, *MODIFIERS) and _ends(tokens, at + 5)
        return ([tokens[at], replace(tokens[at + 4], start=tokens[at + 1].start)], at + 5) if plain else None
    begins = at == 0 or tokens[at - 1].kind in BREAKS
    if tokens[at].form != "of" or not begins or at + 2 >= len(tokens) or not _number(tokens[at + 1], lexicon):
        return None
    for share in range(at + 3, min(at + 2 + _LONGEST_PHRASE, len(tokens) - 2)):
        is_, said = tokens[share + 1], tokens[share + 2]
        if tokens[share].kind in BREAKS:
            continue
        if not _number(tokens[share], lexicon) or is_.form not in ("are", "is", "were", "was", "have", "lie"):
            continue
        look = put("fallen", [is_, said]) if said.form in _DOWN else [replace(said, start=is_.start)]
        whole = [replace(tokens[at + 1], start=tokens[at].start), *tokens[at + 2 : share]]
        whole = whole[:-1] if whole[-1].kind is TokenKind.COMMA else whole
        looks = said.form in _DOWN or plays(said, lexicon, *MODIFIERS)
        state = look if looks else [is_, said]
        return [*whole, *put(",", [tokens[share]]), tokens[share], *state], share + 3
    return None


def _dislocated(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "The ducks, they are on the pond": they are; "the mill, now, that was far off": it was."""
    if tokens[at].kind is not TokenKind.COMMA or at == 0:
        return None
    begin = next((k for k in range(at - 1, -1, -1) if tokens[k].kind in BREAKS), -1)
    end = at + 1
    if forms(tokens, end, 1) and tokens[end].form in _ASIDE and end + 1 < len(tokens) and tokens[end + 1].kind is TokenKind.COMMA:
        end += 2
    if (begin >= 0 and tokens[begin].kind is not TokenKind.STOP) or at - begin > _LONGEST_PHRASE or end + 1 >= len(tokens):
        return None
    if not plays(tokens[begin + 1], lexicon, Role.DETERMINER) or not all(
        plays(one, lexicon, Role.DETERMINER, *NOUNS, *MODIFIERS) for one in tokens[begin + 1 : at]
    ):
        return None
    if tokens[end].form not in _AGAIN or tokens[end + 1].form not in ("is", "are", "was", "were", "sits", "stands", "sit", "stand", "lie"):
        return None
    return [replace(tokens[end + 1], start=tokens[at].start)], end + 2


def _without_of(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "is sitting in front the bakery": after a verb, in front of it."""
    if forms(tokens, at, 2) != ("in", "front") and tokens[at].form != "infront":
        return None
    end = at + (2 if tokens[at].form == "in" else 1)
    verb = at > 0 and plays(tokens[at - 1], lexicon, Role.VERB, Role.BE)
    if not verb or end >= len(tokens) or tokens[end].form not in ("the", "my", "our", "this", "that", "his", "her", "their"):
        return None
    return put("in front of", tokens[at:end]), end


def _half(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "eight dummies, half of them wearing helmets": four of them."""
    if tokens[at].form != "half" or forms(tokens, at + 1, 2) not in (("of", "them"), ("of", "these"), ("of", "those")):
        return None
    for before in range(at - 1, -1, -1):
        if tokens[before].kind is TokenKind.STOP:
            return None
        said = lexicon.lookup((tokens[before].form,))[0].get(Role.NUMBER)
        whole = tokens[before].form if tokens[before].kind is TokenKind.NUMBER else said.value if said is not None else ""
        if whole.isdigit():
            return (
                (put(f"{_NUMBERS[int(whole) // 2]} of them", tokens[at : at + 3]), at + 3) if 1 < int(whole) < 2 * len(_NUMBERS) else None
            )
    return None


def _from_which(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "a log from which mushrooms sprout": on which they are; "a branch from which a lantern hangs": under which it is."""
    if forms(tokens, at, 2) != ("from", "which"):
        return None
    clause = []
    for token in tokens[at + 2 :]:
        if token.kind in BREAKS:
            break
        clause.append(token.form)
    verb = next((form for form in clause if form in _GROWING or form in _HANGING), None)
    return None if verb is None else (put("on which" if verb in _GROWING else "under which", tokens[at : at + 2]), at + 2)


def _gapped(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "one holds a crown, the other a sword": it holds it, too."""
    if forms(tokens, at, 2) != ("the", "other") or at + 2 >= len(tokens) or tokens[at + 2].form not in ("a", "an", "some"):
        return None
    one = next((k for k in range(at - 1, -1, -1) if tokens[k].form == "one" or tokens[k].kind is TokenKind.STOP), None)
    if one is None or tokens[one].form != "one" or not plays(tokens[one + 1], lexicon, Role.TURNED, Role.RELATION, Role.WITH, Role.VERB):
        return None
    end = next((k for k in range(one + 1, at) if plays(tokens[k], lexicon, Role.DETERMINER, Role.NUMBER)), one + 1)
    verb = [replace(token, start=tokens[at + 1].start, end=tokens[at + 1].end) for token in tokens[one + 1 : end]]
    return [*tokens[at : at + 2], *verb], at + 2


def _purpose(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "a warehouse to test our robot in, with four racks": what a scene is wanted for is not in it."""
    said = tokens[at : at + 3]
    if len(said) < 3 or said[0].form != "to" or said[1].form not in _TRYING or not plays(said[2], lexicon, Role.DETERMINER):
        return None
    end = at + 3
    while end < len(tokens) and tokens[end].kind not in BREAKS and tokens[end].form not in _GOES_ON:
        end += 1
    return [], end


def _audience(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "I teach riding to kids", "to show tourists our farm": whom somebody shows it to is not in it."""
    begin = at + (tokens[at].form in ("to", "for"))
    noun = next((k for k in range(begin, min(begin + 4, len(tokens))) if tokens[k].form in _AUDIENCE), None)
    between = tokens[begin:noun]
    if noun is None or not all(plays(one, lexicon, Role.DETERMINER, *MODIFIERS) or _number(one, lexicon) for one in between):
        return None
    clause = next((k for k in range(at - 1, -1, -1) if tokens[k].kind in BREAKS), -1) + 1
    verb = next((k for k in range(at - 1, clause - 1, -1) if tokens[k].form in _TOLD), None)
    if verb is None or (begin == at and verb != at - 1):
        return None  # "show me a park with kids"
    return [], noun + 1


def _so_that(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "a helmet near the robot so the player knows that something happened": what others make of it is not in it."""
    if tokens[at].form != "so" or at == 0:
        return None
    end = next((k for k in range(at + 1, len(tokens)) if tokens[k].kind in BREAKS), len(tokens))
    knows = any(token.form in _KNOWING for token in tokens[at + 2 : min(at + 8, end)])
    return ([], end) if knows and end > at + 3 else None


def _like_the_one(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "a park like the one we used to take the children to": what it is like is not in it."""
    like = forms(tokens, at, 3)
    if like not in (("like", "the", "one"), ("like", "the", "ones")) or forms(tokens, at + 3, 1) not in _SPEAKERS:
        return None
    return [], next((k for k in range(at + 3, len(tokens)) if tokens[k].kind in BREAKS), len(tokens))


def _is_parted(tokens: Sequence[Token]) -> bool:
    """Whether there is a comma or a stop within a text; one that a rule has put before a word begins where that word begins."""
    return any(one.kind in BREAKS and one.start != following.start for one, following in pairwise(tokens))


def _bare_list(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "red cube left of blue sphere green cylinder", "a canoe on the lake tent": where nothing parts words, a noun ends a phrase."""
    if at == 0 or len(tokens) < _LEAST_LIST or tokens[at - 1].possessive or _is_parted(tokens):
        return None
    ended = next((k for k in (3, 2, 1) if k <= at and lexicon.lookup(forms(tokens, at - k, k))[0].keys() & {Role.THING, Role.PRONOUN}), 0)
    across = any(lexicon.lookup(forms(tokens, at - a, a + b))[0] for a in (1, 2) if a <= at for b in (1, 2))
    if not ended or across or (ended == 1 and plays(tokens[at - 1], lexicon, *MODIFIERS, Role.VERB, Role.RELATION, Role.DETERMINER)):
        return None
    looks = next((k for k in range(3) if at + k >= len(tokens) or not plays(tokens[at + k], lexicon, Role.COLOUR, Role.SIZE)), 2)
    last = len(tokens) - at - looks
    begins = next((k for k in (3, 2, 1) if k <= last and Role.THING in lexicon.lookup(forms(tokens, at + looks, k))[0]), 0)
    head = tokens[at + looks + begins - 1] if begins else tokens[at]
    if not begins or (begins == 1 and (plays(head, lexicon, Role.PART, Role.VERB, Role.RELATION, Role.WITH) or head.form in _OF_ANYTHING)):
        return None
    first = at - ended
    counted = first > 0 and (plays(tokens[first - 1], lexicon, Role.DETERMINER) or _number(tokens[first - 1], lexicon))
    again = any(token.form == tokens[at - 1].form for token in tokens[:first])
    if not looks and counted and not again and not singulars(tokens[at - 1].form, lexicon.irregular_plurals):
        return None  # "a ghost ship"; "the lake" of which was spoken ends its phrase
    return [*put(",", [tokens[at]]), tokens[at]], at + 1


def _somebody_left(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "someone has left a harp by the vines": who did it is not there any more."""
    if tokens[at].form not in _SOMEBODY or forms(tokens, at + 1, 1) not in (("has",), ("had",), ("have",)):
        return None
    left = at + 2 < len(tokens) and tokens[at + 2].form in _LEAVING
    return ([], at + 3) if left else None


def _who_asks(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "I am a site engineer in Pune.": who wants the scene is not in it, when nothing is said of where he is."""
    begins = at == 0 or tokens[at - 1].kind in BREAKS
    if not begins or (forms(tokens, at, 2) != ("i", "am") and forms(tokens, at, 1) != ("im",)):
        return None
    begin = at + (1 if tokens[at].form == "im" else 2)
    end = next((k for k in range(begin, len(tokens)) if tokens[k].kind in BREAKS or tokens[k].form == "and"), len(tokens))
    said = tokens[begin:end]
    placed = any(
        plays(token, lexicon, Role.RELATION, Role.TURNED, Role.WITH)
        and not (token.form == "in" and following.kind is TokenKind.WORD and not plays(following, lexicon, Role.DETERMINER, *NOUNS))
        for token, following in zip(said, tokens[begin + 1 :], strict=False)
    )
    doing = bool(said) and said[0].form.endswith("ing") and said[0].form not in _STUDYING
    return ([], end) if said and not placed and not doing and end < len(tokens) else None


def _climbing(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "a worker up the ladder": on it."""
    if tokens[at].form != "up" or at + 2 >= len(tokens) or not plays(tokens[at + 1], lexicon, Role.DETERMINER):
        return None
    noun = next((k for k in range(at + 2, min(at + 2 + _LONGEST_PHRASE, len(tokens))) if plays(tokens[k], lexicon, *NOUNS)), None)
    if noun is None or tokens[noun].form not in _CLIMBED:
        return None
    return put("on", tokens[at : at + 1]), at + 1


def _other_of(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "one stall of fish and other of flowers": another stall."""
    if tokens[at].form not in ("other", "another") or forms(tokens, at + 1, 1) != ("of",):
        return None
    before = [k for k in range(at - 1, 0, -1) if tokens[k].form == "of" and plays(tokens[k - 1], lexicon, *NOUNS)]
    if not before or any(token.kind is TokenKind.STOP for token in tokens[before[0] : at]):
        return None
    return [*put("one", [tokens[at]]), replace(tokens[before[0] - 1], start=tokens[at].start, end=tokens[at].end)], at + 1
