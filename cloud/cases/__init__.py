"""What must be handled to the end: alarms. Fed by outbox events of the rooms below."""
