"""A black-box recorder of what must not change: ``python -m tools.same record FOLDER`` and ``compare FOLDER``.

It starts the demo and the stand-alone server as their owner does, speaks HTTP to them and reads files. Nothing of
``meitu_demo`` is imported, so the same recorder runs before and after its modules have been renamed and moved.

    process   the demo and other programs            vendor   a vendor of our own that records what it gets
    ask       tables of HTTP requests, answered      photos   the pictures that are sent
    caller    the demo's public API                  plain    takes out what differs from run to run
    section_… what is recorded, a file for each section
"""
