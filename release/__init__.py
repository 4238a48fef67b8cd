"""Makes and signs what is upgraded over the air. Reads the firmware's files, imports none."""
