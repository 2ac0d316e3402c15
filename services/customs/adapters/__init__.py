"""The customs door's formats, tables and routes."""
