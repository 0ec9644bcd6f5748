"""Opened traces: found in what was given, named by their content, shared by every viewer."""
