"""Recordings: a vendor's answers as they came over the wire, kept to be shown again without the network.

recording    one recording, and its file format
answer       takes keys and links out of an answer; reads it with the client's codec
store        the folder: find, save, delete
recorder     writes the calls of a session, and forgets them with it
replay       the ASGI app that answers from the folder, and the `CallTarget` that leads to it
"""

from .recorder import CallRecorder, Recorder
from .replay import create_replay_app, create_replay_target
from .store import RecordingStore

__all__ = ["CallRecorder", "Recorder", "RecordingStore", "create_replay_app", "create_replay_target"]
