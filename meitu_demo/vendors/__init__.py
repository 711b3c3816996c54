"""The client side of the vendors' APIs: one module and one `Vendor` value for each. Nothing here does I/O.

`VENDORS` is the only list of vendors. The server side is in `offline/`, and shares no code with this one.
"""

from . import ailab, meitu
from .vendor import KeyField, Vendor, VendorAccess

VENDORS: dict[str, Vendor] = {vendor.id: vendor for vendor in (meitu.VENDOR, ailab.VENDOR)}

__all__ = ["VENDORS", "KeyField", "Vendor", "VendorAccess"]
