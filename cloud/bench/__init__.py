"""`hanma bench …`: what the cloud claims about its speed, measured on made-up provinces.

Composition, like cloud/soak.py: it may use every room and the simulator's light terminals.
"""
