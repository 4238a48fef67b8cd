"""`python -m cloud` is `hanma`."""

from cloud.cli import main

main()
