"""The image without a Docker engine: follows the Dockerfile in folders with chroot, starts what comes out, tries it.

dockerfile  reads a Dockerfile       roots      a Debian root with a Python, in place of the base image
context     what .dockerignore lets  build      follows the steps
contained   starts it: read-only, one user, memory for /tmp, one volume
rooted      looks at it at rest
trial       health, the four calls, what can be written, a stop in mid-call
"""
