"""Work and bytes of operators held against what the machine reaches: what bounds their time."""
