"""Checkpoints of the audit trail leave for HANMA_CHECKPOINTS_OUT, in a thread of its own: a disk
or host of others may be slow, or away."""

import logging
from pathlib import Path

from cloud.base.settings import Settings
from cloud.base.worker import Worker
from cloud.book import checkpoints

log = logging.getLogger(__name__)

_PAUSE_S = 60.0


class Carrier(Worker):
    """Looks once a minute for what is not outside yet; a second carrier beside it does no harm."""

    def __init__(self, settings: Settings) -> None:
        self._data_dir, self._out = settings.data_dir, settings.checkpoints_out
        self._newest: Path | None = None
        super().__init__("carrier", self.carry, _PAUSE_S)

    def carry(self) -> bool:
        """Copy what is new. What fails is logged, and tried again at the next look."""
        newest = max(checkpoints.files(self._data_dir), default=None) if self._out else None
        if newest is None or newest == self._newest:
            return False
        try:
            checkpoints.carry(self._data_dir, Path(self._out))
        except OSError as error:
            log.error("checkpoints not carried to %s: %s", self._out, error.strerror)
        else:
            self._newest = newest
        return False
