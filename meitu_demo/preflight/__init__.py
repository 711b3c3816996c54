"""Preflight: checks a photo before it is sent, free of charge, and suggests fixes.

    check           measures the photo as it would be sent; blocks, call it in a worker thread
    suggest_fixes   lists the fixes that work, after trying each; `apply_fix` applies one; both block

Uses the codec and the face rules of the effects (`imaging.face_checks`), so it agrees with the offline server. Stores
nothing.
"""
