"""Evaluation: one or more endpoints on many photos, live, offline or both, with figures.

    photo_set    photos from files, folders and ZIP archives, within limits; read one by one
    plan         what is to be called: photo × endpoint with values × target; number of paid calls and their price
    outcomes     how one call ended: success, refused, failed, not sent; and what it cost
    journal      on disk, what was begun and how it ended, so that no call is paid for twice whatever ends the process
    runner       makes the calls through `CallService`; can be stopped and resumed
    summary      success rate with its confidence interval, latency percentiles, bytes, refusals, cost
    csv_export   a row for each call
    sessions     the page's evaluations, by session, for as long as KEEP_MINUTES; they outlive a restart

What a person sees of it is in `ui.evaluation` and `ui.screens.evaluation`; the command is `meitu_demo.evaluate`.
"""
