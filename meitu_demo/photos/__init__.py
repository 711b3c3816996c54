"""Photos: opens untrusted files safely, decodes, resizes, encodes and labels them, and embeds provenance marks."""
