"""Everything that uses Gradio beyond its public API, in one place to check when Gradio is upgraded.

The docstring of each module says what Gradio does without the patch, and in which version:

| module | what it does |
|---|---|
| `mount` | the one entry: mounts the page with every patch, builds one web app, caches signatures, slows the queue |
| `uploads` | gives each upload a folder of its own with a random name |
| `payloads` | refuses files outside the uploads, photos named by URL, and arguments that no input can hold |
| `sessions` | bounds the sessions of an address, and the memory that each takes |
| `route_allowlist` | serves only the routes that the demo needs |
| `event_streams` | answers API calls, again as well, and unknown calls and sessions shortly |
| `cleanup` | deletes uploads and sessions in time |
| `assets` | serves Gradio's scripts and styles compressed once |
| `page_html` | gives the page one language, and link previews the demo's name |
| `static_images` | serves the page's own images under names instead of paths |
| `internal_state` | reads login tokens and the load event, ends streams |

The tests of these patches carry the marker `gradio_internals`: `pytest -m gradio_internals` says whether they hold for
another version of Gradio.
"""

PATCHED_GRADIO = "6.31.0"
