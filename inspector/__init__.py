"""Answers: where the time goes. Columns in, tables and findings out."""
