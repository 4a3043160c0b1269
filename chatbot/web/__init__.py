"""The web server, and what the page and the API share: session tokens, addresses, middleware."""
