"""The bench: see, hear and touch the simulated machines, by page and by JSON over HTTP."""
