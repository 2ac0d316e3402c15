"""The tables of alerts, in order."""
