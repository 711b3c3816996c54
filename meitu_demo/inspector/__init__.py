"""Wire inspector: records what a call sent and received, without keys and pictures, and writes the same call as code.

The call pipeline records traces; `ui/result/inspector_view.py` shows them.
"""
