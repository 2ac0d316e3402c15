"""PostgreSQL, HTTP, the stream and the webhook of alerts."""
