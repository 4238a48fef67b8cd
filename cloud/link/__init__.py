"""The other end of the wire, without the wire: terminals, commands, and what terminals say."""
