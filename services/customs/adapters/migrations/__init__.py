"""The tables of the customs door."""
