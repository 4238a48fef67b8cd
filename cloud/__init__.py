"""The cloud of HanMa: rooms from the ground up, edges around them (docs: architecture)."""
