"""The front door: command line, terminal text, exit codes, and capture (the runtimes)."""
