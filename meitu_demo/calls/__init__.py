"""Makes one call to a vendor: target, request, retries, result download, deduplication and run log."""
