"""Operators that ran outside of delegates: their cost, why they stayed out, what they cause."""
