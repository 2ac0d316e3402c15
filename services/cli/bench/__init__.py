"""`tolbrug bench`: how fast it is on this machine, as numbers with the machine's load beside them."""
