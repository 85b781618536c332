"""The map of a study: one page that opens from a disk with no network.

`page` renders a folium map with everything inlined, `payload` gathers what the page
knows, `shapes` packs footprints, `panel` the coverage rates; the scripts and styles
beside them draw it in the browser.
"""

from hexi_solar.maps.extras import Extras
from hexi_solar.maps.page import write_map

__all__ = ["Extras", "write_map"]
