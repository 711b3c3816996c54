"""The server side of the magic mirror: the routes for its frames."""
