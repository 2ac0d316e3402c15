"""Webhooks: signed deliveries from a table to destinations that may be slow, away, or not what they seem."""
