"""Reader: a prompt in English, or in a tongue that there is a dictionary of, as a SceneSpec, with an account of every word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

from pipelines.errors import PromptError
from pipelines.language.clauses import Clauses
from pipelines.language.collectives import spelled_out
from pipelines.language.drafts import SceneDraft
from pipelines.language.finish import finish
from pipelines.language.inflection import plural, singulars
from pipelines.language.lexicon import Kinds, Lexicon, Role, lexicon_for, split
from pipelines.language.matching import MIN_LIKENESS, bold_slip, meanings_of, slip
from pipelines.language.mentions import Mentions
from pipelines.language.phrases import Chunker
from pipelines.language.speech import plainly
from pipelines.language.tagging import Lexeme, tag
from pipelines.language.tokens import Token, TokenKind, tokenise
from pipelines.language.tongues import translated
from pipelines.spec import SceneSpec

_SHOWN_CHARACTERS = 60
_MANY_SLIPS = 2  # who has mistyped so many words may have mistyped one into another English word
_MAX_GUESSES = 60
_DOERS = ("er", "ist", "man", "men", "woman", "women")
_GRAMMAR = frozenset({
    Role.ADVERB, Role.DETERMINER, Role.NUMBER, Role.GROUP, Role.RELATION, Role.TURNED, Role.TO_VIEWER, Role.TO_HOST, Role.ARRANGED,
    Role.NEGATOR, Role.CONJUNCTION, Role.WITH, Role.OF, Role.BE, Role.PRONOUN, Role.OPENER, Role.COMPARE, Role.FUNCTION, Role.VERB,
    Role.AMBIENT, Role.DISTANCE, Role.VIEW, Role.ORDERED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """What a prompt means, remarks for the person who wrote it, and what became of each word (word, role) in order."""

    spec: SceneSpec
    notes: tuple[str, ...]
    ledger: tuple[tuple[str, str], ...]


def read(text: str, library: Kinds) -> Reading:
    """Read a prompt with the kinds of a library; raises PromptError when nothing in it is understood."""
    lexicon = lexicon_for(library)
    scene = SceneDraft()
    tokens, english = _words(text, lexicon, scene)
    lexemes = tag(tokens, lexicon)

    def words_of(start: int, end: int) -> str:
        return text[min(token.start for token in tokens[start:end]) : max(token.end for token in tokens[start:end])]

    guesser = _Guesser(lexicon, scene, enabled=english)
    items = Chunker(lexemes, lexicon).items()
    Clauses(items, scene, Mentions(scene, lexicon, guesser.kinds_like, words_of)).read()
    _settle_ledger(lexemes, scene, words_of)
    _require_sense(scene, text)
    spec = finish(scene, lexicon)
    return Reading(spec, tuple(scene.notes), _ledger(text, tokens, scene))


def _words(text: str, lexicon: Lexicon, scene: SceneDraft) -> tuple[tuple[Token, ...], bool]:
    """The prompt's words in English, and whether it was English that was typed."""
    translation = translated(text, lexicon)
    if translation is not None:
        scene.note(f"read as {translation.tongue}: “{translation.english}”")
        return translation.tokens, False
    tokens = tokenise(text)
    english = _seems_english(tokens, lexicon)
    return (spelled_out(plainly(_mend_slips(tokens, lexicon, scene), lexicon), lexicon) if english else tokens), english


def _ledger(text: str, tokens: tuple[Token, ...], scene: SceneDraft) -> tuple[tuple[str, str], ...]:
    """Every word as it was typed, once, and what became of it."""
    entries: dict[tuple[int, int], str] = {}
    for index, token in enumerate(tokens):
        if _is_word(token):
            entries.setdefault((token.start, token.end), scene.used[index])
    return tuple((text[start:end], role) for (start, end), role in sorted(entries.items()))


def _is_word(token: Token) -> bool:
    return token.kind in (TokenKind.WORD, TokenKind.NUMBER, TokenKind.FOREIGN)


def _seems_english(tokens: tuple[Token, ...], lexicon: Lexicon) -> bool:
    """Whether guessing at unknown words makes sense: the small words are not another language's."""
    foreign, function = set(split(lexicon.data["foreign"])), set(split(lexicon.data["function"]))
    other = sum(token.form in foreign and token.form not in function for token in tokens)
    own = sum(token.form in function and token.form not in foreign for token in tokens)
    return other < 2 or own > other


def _mend_slips(tokens: tuple[Token, ...], lexicon: Lexicon, scene: SceneDraft) -> tuple[Token, ...]:
    """Replace mistyped words by the known ones that they are nearest to, and say so."""
    mended: list[Token] = []
    slips = 0
    for index, token in enumerate(tokens):
        meant = lexicon.data["misspelt"].get(token.form)
        if (
            meant is None
            and token.kind is TokenKind.WORD
            and not _is_known(token.form, lexicon)
            and not (token.glued and _has_part(token.form, lexicon))
        ):
            beside = (
                lexicon.companions.get(other.form, ()) for other in (*tokens[max(0, index - 1) : index], *tokens[index + 1 : index + 2])
            )
            meant = slip(token.form, {*chain(*beside)}) or slip(token.form, lexicon.vocabulary)  # "vending machene" is no machete
            if meant is None and token.form.endswith("s") and (one := slip(token.form[:-1], lexicon.vocabulary)) is not None:
                meant = plural(one)
        slips += meant is not None
        if meant is None and slips >= _MANY_SLIPS and token.kind is TokenKind.WORD and not _is_known(token.form, lexicon):
            meant = bold_slip(token.form, lexicon.vocabulary, lexicon.irregular_plurals)
        if meant is not None:
            scene.note(f"“{token.form}” is read as “{meant}”")
        pair = _written_as_one(token, lexicon) if meant is None and token.kind is TokenKind.WORD else ()
        mended += [replace(token, form=form) for form in pair or ((meant or token.form),)]
    return tuple(mended)


def _written_as_one(token: Token, lexicon: Lexicon) -> tuple[str, ...]:
    """ "cherrytree": the two words that an unknown one is made of, when they name something together."""
    word = token.form
    if _is_known(word, lexicon):
        return ()
    cuts = ((word[:cut], word[cut:]) for cut in range(3, len(word) - 2))
    return next((pair for pair in cuts if lexicon.lookup(pair)[0].keys() & {Role.THING, Role.PLACE}), ())


def _has_part(word: str, lexicon: Lexicon) -> bool:
    """The "doored" of "blue-doored"."""
    return word.endswith("ed") and any(Role.PART in lexicon.lookup((stem,))[0] for stem in (word[:-1], word[:-2], word[:-3]))


def _is_known(word: str, lexicon: Lexicon) -> bool:
    plain = (word, *singulars(word, lexicon.irregular_plurals))
    return any((one,) in lexicon.table or one in lexicon.vocabulary for one in plain) or word.endswith("less")


class _Guesser:
    """Kinds for unknown words by their meaning; loads the sentence encoder only when first asked."""

    def __init__(self, lexicon: Lexicon, scene: SceneDraft, *, enabled: bool) -> None:
        self._lexicon = lexicon
        self._scene = scene
        self._enabled = enabled
        self._left = _MAX_GUESSES

    def kinds_like(self, phrase: str) -> tuple[str, ...]:
        """The kinds whose words mean nearly the same, best first; empty when none does."""
        known = self._lexicon.kinds_for(phrase)
        if known:
            return known
        if not self._enabled or self._left <= 0:
            return ()
        self._left -= 1
        if not self._lexicon.own_words:
            return ()
        nearest = meanings_of(self._lexicon.own_words).nearest(phrase)
        if _is_doer(phrase, nearest.kind) and (somebody := self._lexicon.kinds_for("person")):
            self._scene.note(f"“{phrase}” is read as “{somebody[0]}”")
            return somebody
        if nearest.cosine < MIN_LIKENESS or nearest.kind in self._lexicon.data["never_guessed"]:
            return ()
        self._scene.note(f"“{phrase}” is read as “{nearest.kind}” (likeness {nearest.cosine:.2f})")
        return (nearest.kind,)


def _is_doer(word: str, kind: str) -> bool:
    """ "trucker", "lamplighter": who has to do with a thing is not that thing."""
    thing = kind.split()[-1]
    return word != thing and word.startswith(thing) and word.removesuffix("s").endswith(_DOERS)


def _settle_ledger(lexemes: list[Lexeme], scene: SceneDraft, words_of: object) -> None:
    """Every word must have an entry: grammar is entered as such, and what nobody used is listed as unmatched."""
    assert callable(words_of)
    begin: int | None = None
    for lexeme in [*lexemes, None]:
        lost = lexeme is not None and _is_lost(lexeme, scene)
        if lost and lexeme is not None:
            begin = lexeme.start if begin is None else begin
        elif begin is not None:
            end = lexeme.start if lexeme is not None else lexemes[-1].end
            scene.miss(words_of(begin, end))
            scene.use(begin, end, "unmatched")
            begin = None
        if lexeme is not None and not lost:
            scene.use(lexeme.start, lexeme.end, "grammar" if lexeme.senses else "sign")


def _is_lost(lexeme: Lexeme, scene: SceneDraft) -> bool:
    if all(token in scene.used for token in range(lexeme.start, lexeme.end)):
        return False
    if lexeme.kind is TokenKind.FOREIGN or lexeme.unknown:
        return not (lexeme.unknown and (len(lexeme.text) < 2 or lexeme.text.endswith("ly")))
    return lexeme.kind is TokenKind.WORD and not lexeme.senses.keys() & _GRAMMAR


def _require_sense(scene: SceneDraft, text: str) -> None:
    votes = (scene.places, scene.times, scene.weathers, scene.seasons)
    if scene.drafts or scene.moods or scene.styles or scene.without or any(vote.cast for vote in votes):
        return
    shown = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
    raise PromptError(f"nothing in the prompt {shown!r} is understood: describe a place and its things in English, German, French, "
                      'Spanish, Chinese or Japanese, for example "a pine forest with a cabin beside a lake"')  # fmt: skip
