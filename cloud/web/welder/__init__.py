"""For whoever stands beside the machine: one page that shows one thing to do next.

`pages` reads, `steps` acts; both hang their routes on the one blueprint.
"""

from cloud.web.welder import pages, steps
from cloud.web.welder.blueprint import blueprint

__all__ = ["blueprint", "pages", "steps"]
