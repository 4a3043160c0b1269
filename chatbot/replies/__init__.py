"""Running answers: from a visitor's message to a stored answer, whatever happens in between."""
