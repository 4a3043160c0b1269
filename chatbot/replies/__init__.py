"""Answers under way: from a visitor's message to a stored answer."""
