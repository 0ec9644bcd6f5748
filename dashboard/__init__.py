"""The screen: figures as plain plotly dictionaries, and the self-contained report."""
