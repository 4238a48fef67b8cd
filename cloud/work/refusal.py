"""A refusal is a value: a stable code, plain words, what to do about it, and its source."""

from dataclasses import dataclass, field

STATUSES = ("law", "draft", "plan", "press", "house")


@dataclass(frozen=True)
class Words:
    """One sentence in both languages; the page chooses."""

    zh: str
    en: str

    def filled(self, values: dict[str, str]) -> "Words":
        return Words(self.zh.format(**values), self.en.format(**values))


@dataclass(frozen=True)
class Refusal:
    """Why not. `source` names article or page, `status` what kind of text that is:

    law, draft (a consultation draft), plan, press, house (no source: a default of this system).
    The same shape serves duties: what is still to do, or a warning that refuses nothing.
    """

    code: str
    words: Words
    todo: Words
    source: str
    status: str
    values: dict[str, str] = field(default_factory=dict, hash=False)


class Refusals(list[Refusal]):
    """All refusals of one attempt; what a step gives in place of its job."""

    @property
    def codes(self) -> list[str]:
        return [one.code for one in self]
