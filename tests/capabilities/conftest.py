"""Fixtures that several tests of the app share."""

from tests.capabilities.importing import both, reference

__all__ = ["both", "reference"]
