"""Two made-up terminals."""

from cloud.link.terminals import mqtt_password

A, B = "HM-990101-000001", "HM-990101-000002"
UP_A, DOWN_A = f"hm/{A}/up", f"hm/{A}/down"
UP_B, DOWN_B = f"hm/{B}/up", f"hm/{B}/down"
SECRETS = {A: bytes(range(32)), B: bytes(range(32, 64))}
KEYS = {device: mqtt_password(secret) for device, secret in SECRETS.items()}
KEY_A = KEYS[A]
WILL = (UP_A, b"Z0 will")
