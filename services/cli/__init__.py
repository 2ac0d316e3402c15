"""The command line `tolbrug`: one module per command.

consumes    the doors over HTTP; settings from the environment
publishes   people's words on standard output, or JSON with --json; what is going on, on standard error
owns        which services make up a process (`services.py`)
guarantees  exit code 0 all is well · 1 something is wrong · 2 the command was not understood
"""
