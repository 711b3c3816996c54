"""Builds and checks the image without a Docker engine: runs the Dockerfile's steps in folders with chroot.

dockerfile  parses a Dockerfile        roots      makes a Debian root with a Python, in place of the base image
context     applies .dockerignore      build      runs the steps
contained   starts the image: read-only, one user, memory for /tmp, one volume
rooted      inspects the image's files
trial       checks health, the four API calls, writable paths, a stop during a paid call
"""
