"""The words that columns of our tables may hold."""

from __future__ import annotations

OWNER_TYPES = (
    "government", "school", "university", "hospital", "culture", "sport", "office", "mall",
    "hotel", "transport", "industrial", "residential", "other", "unknown",
)  # fmt: skip
SOURCES = ("measured", "surveyed", "derived", "assumed", "unknown")
YES_NO = ("yes", "no", "unknown")
STATUSES = ("planned", "approved", "building", "completed", "unknown")
ROOF_KINDS = ("flat", "metal", "tile", "curved")
LOAD_EVIDENCE = ("appraisal", "drawings", "prior", "none")
STAGES = (
    "survey", "reserved", "filed", "building", "connected", "operating", "retired",
)  # fmt: skip
MODES = ("self_use", "surplus", "full_feed_in", "unknown")
EXCLUSIONS = (
    "setback", "plant", "stair_head", "skylight", "no_plane", "obstruction", "access_lane", "load_refused",
    "parapet_shadow", "orientation",
)  # fmt: skip
# these leave the installable area; those after them only the usable one
PERMANENT_EXCLUSIONS = EXCLUSIONS[:8]
# what an event of the register may be about
ENTITY_TYPES = (
    "project", "building", "meter", "diagnosis", "tracker", "equipment", "publication",
    "office",
)  # fmt: skip
