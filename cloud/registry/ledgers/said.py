"""Why a table, a row or a cell cannot be taken: one sentence in each language, the reader's is
shown."""

from typing import NamedTuple


class Said(NamedTuple):
    """The same in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} {self.en}"


class Complaint(ValueError):
    """`said` = why not."""

    def __init__(self, zh: str, en: str) -> None:
        self.said = Said(zh, en)
        super().__init__(str(self.said))
