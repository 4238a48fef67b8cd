"""For whoever stands beside the machine: one page that shows one thing to do next.

`pages` reads, `steps` acts, `carried` passes on what a phone carries; all three hang their routes
on the one blueprint.
"""

from cloud.web.welder import carried, pages, steps
from cloud.web.welder.blueprint import blueprint

__all__ = ["blueprint", "carried", "pages", "steps"]
