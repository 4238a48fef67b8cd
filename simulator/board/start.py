"""What the chip does at power-up: boot.py, then main.py."""

from world_link import link

try:
    import boot  # noqa: F401
    import machine  # noqa: F401
    import main  # noqa: F401
finally:
    link.ends()
