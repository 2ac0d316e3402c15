"""The definition of every message: one `.avsc` per named type, the file name is its full Avro name.

`loader` reads them, `codegen` turns them into `services/core/messages.py`, `released/` holds what has been
published under an id and is never changed again. Nothing of Tolbrug's is imported here.
"""
