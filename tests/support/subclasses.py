"""The classes below a class, for tests that hold for each of them."""

from typing import TypeVar

Root = TypeVar("Root")


def list_subclasses(root: type[Root]) -> list[type[Root]]:
    """`root` and everything below it."""
    return [root, *(found for child in root.__subclasses__() for found in list_subclasses(child))]
