"""The registers of those who issue certificates: what is asked, and what they answer."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Question:
    """One certificate and who says to hold it. Numbers are in clear and never logged."""

    issuer: str
    number: str = field(repr=False)
    identity: str = field(repr=False)
    name: str = field(repr=False)


@dataclass(frozen=True)
class Entry:
    """What a register says; dates are ISO texts, `review_by` empty = no review is wanted."""

    category: str
    valid_from: str
    valid_to: str
    review_by: str = ""
    status: str = "normal"


# None = this register knows no such certificate of this person.
Ask = Callable[[Question], Entry | None]
