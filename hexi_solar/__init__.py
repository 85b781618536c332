"""Rooftop PV and public-building energy retrofit, planned for a whole city district.

Read `plan.py` first: it is the journey of one study on one page. Importing this
package does nothing but name its version, so that `hexi-solar --help` answers at once.
"""

__version__ = "0.1.0"
