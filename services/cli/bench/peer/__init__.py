"""The peer job: one small ledger, the same for every stream processor, on the runtime that the services use."""
