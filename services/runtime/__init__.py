"""How a service lives in the world: the only code that does I/O for everybody.

`service` runs a process, `fold` says what a fold is, `partition` is its transaction in six steps, `assignment` decides which
process works on which partition, `outbox` and `group_commit` serve the doors. Kafka is reached through `kafka/`, Avro
through `codec`, PostgreSQL through `database`.
"""
