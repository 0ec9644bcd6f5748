"""What a program (.pte) holds: who owns its bytes, and what each method consists of."""
