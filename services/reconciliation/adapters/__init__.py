"""Edges of reconciliation: HTTP, stored tables, invariants as metrics, verification."""
