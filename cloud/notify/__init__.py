"""The notify edge: notices leave by log, mail and signed web-hook."""
