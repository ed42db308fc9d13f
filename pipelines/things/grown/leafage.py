"""Leaf colours by species and season."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipelines.scene import Colour
from pipelines.spec import Season
from pipelines.things.grown.plant import Palette

_GREEN = Palette((0.039, 0.069, 0.021), (0.102, 0.166, 0.039), (0.168, 0.222, 0.056))
_FRESH = Palette((0.040, 0.066, 0.016), (0.135, 0.205, 0.045), (0.215, 0.265, 0.075))
_RUST = Palette((0.090, 0.040, 0.012), (0.300, 0.120, 0.026), (0.420, 0.210, 0.045), (0.230, 0.150, 0.030))
_DRY = Palette((0.075, 0.045, 0.022), (0.200, 0.115, 0.050), (0.260, 0.160, 0.070))

PALETTES: Mapping[str, Mapping[Season, Palette]] = {
    "oak": {
        Season.SPRING: _FRESH,
        Season.SUMMER: _GREEN,
        Season.AUTUMN: Palette((0.080, 0.038, 0.012), (0.265, 0.120, 0.028), (0.370, 0.200, 0.050), (0.190, 0.145, 0.032)),
        Season.WINTER: _DRY,
    },
    "birch": {
        Season.SPRING: Palette((0.050, 0.080, 0.018), (0.165, 0.240, 0.055), (0.250, 0.300, 0.090)),
        Season.SUMMER: Palette((0.048, 0.084, 0.024), (0.128, 0.195, 0.051), (0.196, 0.246, 0.076)),
        Season.AUTUMN: Palette((0.150, 0.090, 0.014), (0.500, 0.310, 0.040), (0.620, 0.430, 0.080), (0.380, 0.300, 0.050)),
        Season.WINTER: _DRY,
    },
    "maple": {
        Season.SPRING: _FRESH,
        Season.SUMMER: Palette((0.042, 0.072, 0.022), (0.107, 0.166, 0.043), (0.168, 0.218, 0.058)),
        Season.AUTUMN: Palette((0.110, 0.020, 0.010), (0.400, 0.062, 0.018), (0.540, 0.150, 0.030), (0.520, 0.220, 0.030)),
        Season.WINTER: _DRY,
    },
    "momiji": {
        Season.SPRING: Palette((0.110, 0.030, 0.014), (0.340, 0.090, 0.030), (0.460, 0.190, 0.060)),
        Season.SUMMER: Palette((0.080, 0.016, 0.012), (0.270, 0.048, 0.024), (0.380, 0.095, 0.036)),
        Season.AUTUMN: Palette((0.120, 0.018, 0.010), (0.430, 0.056, 0.018), (0.560, 0.130, 0.030)),
        Season.WINTER: _DRY,
    },
    "beech": {
        Season.SPRING: _FRESH,
        Season.SUMMER: Palette((0.036, 0.066, 0.021), (0.095, 0.156, 0.039), (0.157, 0.207, 0.056)),
        Season.AUTUMN: Palette((0.100, 0.040, 0.010), (0.360, 0.140, 0.026), (0.500, 0.250, 0.050), (0.420, 0.250, 0.040)),
        Season.WINTER: _DRY,
    },
    "willow": {
        Season.SPRING: Palette((0.060, 0.085, 0.020), (0.190, 0.235, 0.055), (0.270, 0.300, 0.090)),
        Season.SUMMER: Palette((0.048, 0.078, 0.027), (0.134, 0.183, 0.061), (0.202, 0.235, 0.090)),
        Season.AUTUMN: Palette((0.130, 0.090, 0.016), (0.400, 0.280, 0.050), (0.500, 0.370, 0.080), (0.280, 0.240, 0.060)),
        Season.WINTER: _DRY,
    },
    "poplar": {
        Season.SPRING: _FRESH,
        Season.SUMMER: Palette((0.036, 0.063, 0.021), (0.100, 0.156, 0.041), (0.157, 0.207, 0.062)),
        Season.AUTUMN: Palette((0.150, 0.085, 0.014), (0.480, 0.290, 0.036), (0.580, 0.390, 0.070)),
        Season.WINTER: _DRY,
    },
    "apple": {
        Season.SPRING: Palette((0.190, 0.170, 0.120), (0.660, 0.520, 0.500), (0.780, 0.700, 0.680), (0.130, 0.190, 0.050)),
        Season.SUMMER: Palette((0.033, 0.060, 0.021), (0.098, 0.154, 0.041), (0.162, 0.213, 0.062)),
        Season.AUTUMN: Palette((0.080, 0.060, 0.014), (0.240, 0.190, 0.036), (0.360, 0.270, 0.055), (0.300, 0.130, 0.026)),
        Season.WINTER: _DRY,
    },
    "cherry": {
        Season.SPRING: Palette((0.300, 0.130, 0.160), (0.680, 0.390, 0.450), (0.800, 0.620, 0.650), (0.760, 0.520, 0.560)),
        Season.SUMMER: Palette((0.036, 0.057, 0.021), (0.098, 0.144, 0.041), (0.157, 0.190, 0.062)),
        Season.AUTUMN: Palette((0.110, 0.028, 0.012), (0.370, 0.090, 0.024), (0.500, 0.190, 0.040), (0.420, 0.200, 0.036)),
        Season.WINTER: _DRY,
    },
    "acacia": {season: Palette((0.045, 0.063, 0.027), (0.116, 0.146, 0.056), (0.168, 0.190, 0.078)) for season in Season},
    "olive": {season: Palette((0.068, 0.084, 0.051), (0.165, 0.189, 0.112), (0.252, 0.274, 0.185)) for season in Season},
    "bush": {
        Season.SPRING: _FRESH,
        Season.SUMMER: Palette((0.030, 0.054, 0.019), (0.088, 0.142, 0.039), (0.146, 0.196, 0.056)),
        Season.AUTUMN: _RUST,
        Season.WINTER: _DRY,
    },
    "evergreen": {season: Palette((0.021, 0.042, 0.018), (0.059, 0.107, 0.034), (0.101, 0.146, 0.047)) for season in Season},
    "boxwood": {season: Palette((0.024, 0.051, 0.018), (0.068, 0.124, 0.032), (0.123, 0.179, 0.050)) for season in Season},
    "jungle": {season: Palette((0.024, 0.051, 0.018), (0.073, 0.134, 0.032), (0.129, 0.190, 0.045)) for season in Season},
    "alien": {
        season: Palette((0.050, 0.020, 0.075), (0.190, 0.075, 0.270), (0.320, 0.180, 0.420), (0.070, 0.200, 0.270)) for season in Season
    },
    "pine": {season: Palette((0.042, 0.072, 0.035), (0.095, 0.139, 0.060), (0.137, 0.181, 0.074)) for season in Season},
    "spruce": {season: Palette((0.039, 0.072, 0.033), (0.081, 0.127, 0.054), (0.121, 0.166, 0.067)) for season in Season},
    "fir": {season: Palette((0.039, 0.075, 0.045), (0.083, 0.134, 0.076), (0.132, 0.179, 0.103)) for season in Season},
    "cypress": {season: Palette((0.030, 0.057, 0.026), (0.068, 0.112, 0.044), (0.105, 0.146, 0.056)) for season in Season},
    "larch": {
        Season.SPRING: Palette((0.045, 0.075, 0.022), (0.145, 0.215, 0.060), (0.215, 0.280, 0.090)),
        Season.SUMMER: Palette((0.045, 0.078, 0.030), (0.112, 0.171, 0.059), (0.168, 0.213, 0.078)),
        Season.AUTUMN: Palette((0.150, 0.085, 0.016), (0.440, 0.270, 0.046), (0.540, 0.370, 0.080)),
        Season.WINTER: _DRY,
    },
}
"""Palettes by name and season."""

_NEUTRAL = (0.075, 0.120, 0.030)


def palette(name: str, season: Season, colour: Colour | None = None) -> Palette:
    """The palette of that name; an ordered colour replaces its hue and keeps its range from dark to light."""
    known = PALETTES[name][season]
    if colour is None:
        return known
    wanted = np.asarray(colour)

    def share(part: Colour) -> Colour:
        level = float(np.dot(part, (0.21, 0.72, 0.07)) / np.dot(known.outer, (0.21, 0.72, 0.07)))
        red, green, blue = (float(v) for v in np.clip(wanted * level, 0, 0.9))
        return (red, green, blue)

    return Palette(share(known.inner), share(known.outer), share(known.tip))
