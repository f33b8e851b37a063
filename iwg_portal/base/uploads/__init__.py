"""What may be uploaded, decided from its name and bytes alone: pure checks, without database, disk or request.

``check`` is the one entry; ``detector.find`` looks for passenger data in any text, also one that was typed.
"""

from iwg_portal.base.uploads.checks import Checked, check
from iwg_portal.base.uploads.kinds import ACCEPT, KINDS, Kind
from iwg_portal.base.uploads.problems import PASSENGER_DATA, Refused

__all__ = ["ACCEPT", "KINDS", "PASSENGER_DATA", "Checked", "Kind", "Refused", "check"]
