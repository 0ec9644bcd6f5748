"""The user's files with figures beside each line: time today, memory and error beside it."""
