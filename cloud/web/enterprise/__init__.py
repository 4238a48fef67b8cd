"""For the enterprise's manager: what waits for an answer, who works, whose papers end.

`overview` is the one page that shows it all; the lists behind it are `open_jobs`, `staff`,
`machines`, `alarms` and `releases`. Permits and contracts are shared with welders and lie beside.
"""

from cloud.web.enterprise import alarms, machines, open_jobs, overview, releases, staff
from cloud.web.enterprise.blueprint import blueprint

__all__ = ["alarms", "blueprint", "machines", "open_jobs", "overview", "releases", "staff"]
