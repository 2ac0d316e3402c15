"""HTTP, JSON and PostgreSQL of the licensing door."""
