"""The magic mirror's server side: who stands before it, and the route that its frames go through."""
