"""JSON messages: the models that read them, and from bytes to a reading."""
