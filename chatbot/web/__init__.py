"""The web server, and what the page and the API share: services, session tokens, addresses and middleware."""
