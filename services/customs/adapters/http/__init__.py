"""The routes of the customs door, what they read of a request and what they answer."""
