"""Serving a dashboard: safe by default, columns as bytes, long work off the request path."""
