"""Every event of a trace as columns that a canvas draws: slices in lanes, packed as bytes."""
