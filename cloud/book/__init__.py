"""What happened: the audit chain and the outbox of events."""
