"""A declared integration for Stability AI, and the runtime that turns it into requests.

Names are imported when they are first used, so that ``import connector`` costs next to nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"
