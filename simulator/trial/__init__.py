"""What a trial by faults needs outside the cloud: people, terminals, bad lines, and a history."""
