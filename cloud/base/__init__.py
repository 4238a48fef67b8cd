"""The ground floor: settings, clock, database, units of work, keys, ids, formats, districts."""
