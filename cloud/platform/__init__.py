"""The edge between platforms (Way 2, CQ annex 2.3(2)), both directions.

`site.py` serves `/platform/v1/` to others; `courier.py` reports our own jobs to a superior one.
What may be sent is said once, in `shapes.py`: it validates, and the OpenAPI page is made of it.
"""
