"""`hanma faults cloud`: everything in processes of its own, things go wrong by a seeded plan, and
twelve invariants are judged over the history of all that was asked, said, moved and written."""
