"""For whoever stands beside the machine: one page that shows one thing to do next.

`pages` reads, `steps` acts, `pictures` keeps and shows pictures, `carried` passes on what a phone
carries, `face` finds that it is the welder, `papers` shows the welder's certificates, `my_jobs`
what one did, `venue` the code of a key zone, `underground` goes with the fire watch; all hang
their routes on the one blueprint.
"""

from cloud.web.welder import (
    carried,
    face,
    my_jobs,
    pages,
    papers,
    pictures,
    steps,
    underground,
    venue,
)
from cloud.web.welder.blueprint import blueprint

__all__ = [
    "blueprint",
    "carried",
    "face",
    "my_jobs",
    "pages",
    "papers",
    "pictures",
    "steps",
    "underground",
    "venue",
]
