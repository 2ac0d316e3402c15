"""Pages for people at the authority: they read what the routes of the door read, and change nothing."""
