"""Discourse: who has been spoken of, and whom "it", "them" and "which" mean."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.language.drafts import Draft, is_many
from pipelines.language.tagging import Lexeme
from pipelines.spec import RelationName


@dataclass
class Discourse:
    """What a listener keeps in mind.

    subjects: of whom the next preposition speaks.  host: the thing "with" which others come.  lately: everything mentioned, in order.
    log: the subjects of every clause.  looking_ahead: the subject is still to come, so the present ones may be meant.
    """

    subjects: list[Draft] = field(default_factory=list)
    host: Draft | None = None
    lately: list[Draft] = field(default_factory=list)
    log: list[list[Draft]] = field(default_factory=list)
    looking_ahead: bool = False

    def antecedent(self, word: Lexeme) -> list[Draft]:
        many = word.text in ("them", "they", "these", "those", "theirs")
        if self.host is not None and not many:
            return [self.host]
        log, lately = self._spoken_of()
        if many:
            if log and (len(log[-1]) > 1 or is_many(log[-1][0])):
                return log[-1]
            plural = [draft for draft in reversed(lately) if is_many(draft)]
            return plural[:1] or lately[-1:]
        return self.singular_before()

    def _spoken_of(self) -> tuple[list[list[Draft]], list[Draft]]:
        """Earlier subjects, clause by clause, and everything mentioned; without the subjects of this clause."""
        own = [] if self.looking_ahead else self.subjects
        log = [group for group in self.log if not any(draft in own for draft in group)]
        return log, [draft for draft in self.lately if draft not in own]

    def singular_before(self) -> list[Draft]:
        """What "it" means: the subject before this one, or else the last single thing."""
        log, lately = self._spoken_of()
        for group in reversed(log):
            if len(group) == 1 and not is_many(group[0]):
                return group
            break
        return [draft for draft in reversed(lately) if not is_many(draft)][:1] or lately[-1:]

    def two_before(self) -> list[Draft]:
        """ "between them": the last two things spoken of."""
        before = list(dict.fromkeys(draft for draft in reversed(self.lately) if draft not in self.subjects))
        return before[:1] if before and is_many(before[0]) and before[0].number == 2 else before[1::-1]


def opposite_of(draft: Draft) -> Draft | None:
    """ "to its left a bin, to its right a bench": what the bin is left of."""
    sides = (RelationName.LEFT_OF, RelationName.RIGHT_OF)
    found = (objects[0] for relation, objects in draft.relations if relation in sides)
    return next((target for target in found if isinstance(target, Draft)), None)
