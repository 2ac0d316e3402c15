"""Shared vocabulary: values, messages, decisions, errors. Pure: no I/O, no clock, no random."""
