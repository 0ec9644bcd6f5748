"""What holds the memory: planned arenas, who is alive when, and what the file brings besides."""
