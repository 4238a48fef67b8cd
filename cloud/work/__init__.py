"""One weld from scan to close: rules, profiles, decisions, permits, presence, jobs."""
