"""The way out to services of others: to the address that was set, by no proxy and no redirect."""

import urllib.request
from typing import Any


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What goes out is for the address that was set and for no other."""

    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        return None


# As `urllib.request.urlopen`: a request and its `timeout`.
open_at = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect).open
