"""What stands between the net and the screens: who and what comes in, and when it goes."""
