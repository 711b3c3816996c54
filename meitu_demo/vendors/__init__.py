"""The vendors' APIs as their clients see them: one file and one value a vendor. Nothing here does I/O.

`VENDORS` is the only list of vendors; everything else asks it. The servers' side is in `offline/`, written apart.
"""

from . import ailab, meitu
from .vendor import KeyField, Vendor, VendorAccess

VENDORS: dict[str, Vendor] = {vendor.id: vendor for vendor in (meitu.VENDOR, ailab.VENDOR)}

__all__ = ["VENDORS", "KeyField", "Vendor", "VendorAccess"]
