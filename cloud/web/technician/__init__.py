"""For technicians, who fit and mend terminals: records, function tests, codes, tickets."""

from cloud.web.technician import mine, record, steps, tickets
from cloud.web.technician.blueprint import blueprint

__all__ = ["blueprint", "mine", "record", "steps", "tickets"]
