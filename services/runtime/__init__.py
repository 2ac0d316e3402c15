"""How a service lives in the world: the only code that does I/O for everybody.

`process` is the life of a process, `service` what it runs, `fold` says what a fold is, `partition` is its transaction
in six steps, `assignment` decides which process works on which partition, `outbox` and `group_commit` serve the doors.
Kafka is reached through `kafka/`, Avro through `codec`, PostgreSQL through `database`.
"""
