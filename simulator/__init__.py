"""The world around the terminal, so that the real firmware can run without a board."""
