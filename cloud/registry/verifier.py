"""The outside verifier of faces: what is asked, and what it answers. No picture comes near us."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FaceQuestion:
    """Whether it is this person, at this step; asked again it is the same question.

    `reference` and `nonce` are of this one check. Name and number are in clear and never logged.
    """

    reference: str
    nonce: str = field(repr=False)
    person: str
    step: str
    name: str = field(repr=False)
    identity: str = field(repr=False)


@dataclass(frozen=True)
class FaceAnswer:
    """The verifier's word, its signature good; whether it is about our question, and fresh, is
    for whoever asked. `at` = epoch ms."""

    reference: str
    nonce: str
    person: str
    step: str
    yes: bool
    at: int


@dataclass(frozen=True)
class FaceReply:
    """Where the person goes, by their own phone; and the answer, once there is one."""

    page: str
    answer: FaceAnswer | None = None


AskFace = Callable[[FaceQuestion], FaceReply]  # SourceDown: no answer now
