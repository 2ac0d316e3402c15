"""The tables of the register, in order."""
