"""Ledger of paid calls: one row for each, written before it is sent. Caps, rate limits and the owner's report.

    async with ledger.reserve(Intent("meitu", "face_fuse", fingerprint_request(…), hash_visitor(…))) as call:
        await call.mark_sent(len(body))                    # from here on it counts, whatever happens to this process
        …                                                  # the vendor answers, or not
        await call.mark_confirmed(request_id, len(answer))  # or mark_refused, mark_unknown, mark_undelivered

`store` is the ledger as blocking calls, `async_ledger` the same for the event loop, `paid_calls` what a call uses. All
raise OverBudget and LedgerUnavailable before anything is sent.
"""
