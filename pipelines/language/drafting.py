"""Drafting: drafts out of nouns: one for a word, one more of a kind, what a place is full of, pairs that are one thing."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.language.drafts import Draft
from pipelines.language.inflection import singulars
from pipelines.language.lexicon import Role
from pipelines.language.looks import singular
from pipelines.language.noun_phrase import NounPhrase
from pipelines.language.recall import Recall
from pipelines.language.tagging import Lexeme


class Drafting(Recall):
    """Makes drafts."""

    def like(self, known: Draft, phrase: NounPhrase) -> Draft:
        """A new thing of a known one's kind, with looks of its own."""
        self.hear(phrase)
        draft = Draft(self.text(phrase), known.options, known.generic, word=known.word, heads=known.heads)
        self._dress(draft, phrase)
        self._scene.drafts.append(draft)
        return draft

    def _draft(self, head: Lexeme, text: str) -> Draft:
        options = head.senses[Role.THING].options if head.has(Role.THING) else ()
        generic = head.value(Role.GENERIC) if head.has(Role.GENERIC) else None
        last, words = singular(head, self._lexicon), head.words
        noun = words.index("of") - 1 if head.plural and "of" in words[1:-1] else len(words) - 1  # "suits of armour"
        one = next(iter(singulars(words[noun], self._lexicon.irregular_plurals)), words[noun]) if head.plural else last
        return Draft(text, options, generic, word=" ".join((*words[:noun], one, *words[noun + 1 :])), heads=frozenset({last, one}))

    def _fill(self, lexeme: Lexeme, place: str) -> None:
        """ "a pine forest": the place's plants are pines."""
        draft = self._draft(lexeme, self._words_of(lexeme.start, lexeme.end))
        draft.of_place, draft.plural = place, True
        self._scene.use(lexeme.start, lexeme.end, "thing")
        self._scene.drafts.append(draft)

    def _crowd(self, part: NounPhrase, place: str) -> None:
        """ "a field of sunflowers": a place full of a thing."""
        assert part.head is not None
        draft = self._draft(part.head, self.text(part))
        draft.of_place, draft.plural, draft.number = place, True, part.number
        self._dress(draft, part)
        self._scene.drafts.append(draft)

    def _is_person(self, lexeme: Lexeme) -> bool:
        options = lexeme.senses[Role.THING].options if lexeme.has(Role.THING) else ()
        return any("person" in self._lexicon.kinds[name].tags for name in options[:1])

    def _count_pairs(self, draft: Draft, phrase: NounPhrase) -> None:
        """ "a pair of boots" is one thing, where the library has boots by the pair; "two pairs of boots" are two."""
        paired = any(lexeme.has(Role.NUMBER) and "pair" in lexeme.words for lexeme in phrase.lexemes)
        if paired and draft.options and singulars(draft.options[0].split()[-1], self._lexicon.irregular_plurals):
            draft.number, draft.plural = 1, False

    def become(self, drafts: Sequence[Draft], look: Lexeme) -> None:
        """ "a carpet, rolled": after the noun, too, a look may make it what a kind is named."""
        for draft in drafts:
            name = f"{look.text} {draft.word}"
            if name in self._lexicon.kinds and draft.options and draft.place is None:
                draft.options, draft.word = (name,), name
