"""One figure a file; each a function from answers to a plain plotly dictionary."""
