"""What a run shows and hands out."""
