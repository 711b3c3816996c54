"""Speed as ratios against baselines measured in the same run, alternating: a busy machine slows both sides."""
