"""Edge: MQTT. The embedded broker, the log-in check, what terminals say, what is told to them.

broker    the broker in its own thread (switchboard, link, session, routes, packets, limits)
login     who is this?  rights  what may it touch?  topics  where is it?
ingest    from the broker into the rooms            sender  from the rooms to a terminal
"""
