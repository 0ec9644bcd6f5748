"""Numbers that a run logged, as torch values."""
