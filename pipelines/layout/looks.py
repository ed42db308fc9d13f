"""Looks: what the words of style and mood do to a whole world: its palette, its sky, its surfaces."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipelines.places import place_named
from pipelines.scene import Colour, Look, Scene, Sky
from pipelines.spec import SceneSpec

# The one place where a word gets its look: categories of `styles:` and `moods:` in the lexicon.
LOOKS: Mapping[str, Look] = {
    "low-poly": Look(flat=True, saturation=1.22, contrast=1.04),
    "watercolour": Look(wash=1.0, saturation=1.40, contrast=0.96, lift=0.30, tint=(1.03, 1.0, 0.97)),
    "abandoned": Look(overgrown=0.75, faded=0.5, saturation=0.92),
    "ruined": Look(overgrown=0.45, faded=0.4, saturation=0.94),
    "post-apocalyptic": Look(overgrown=0.6, faded=0.7, saturation=0.78, tint=(1.03, 1.0, 0.93)),
    "weathered": Look(overgrown=0.25, faded=0.45),
    "futuristic": Look(sleek=True, saturation=0.96, contrast=1.05, tint=(0.97, 1.0, 1.035)),
    "cyberpunk": Look(saturation=1.25, contrast=1.10, tint=(1.02, 0.95, 1.06)),
    "vintage": Look(saturation=0.80, contrast=0.94, lift=0.04, tint=(1.04, 1.0, 0.90)),
    "retro": Look(saturation=1.06, contrast=0.95, lift=0.03, tint=(1.04, 0.99, 0.92)),
    "steampunk": Look(saturation=0.9, contrast=1.05, tint=(1.05, 0.98, 0.88)),
    "fantasy": Look(saturation=1.14, contrast=1.03),
    "cosy": Look(saturation=1.06, tint=(1.05, 1.0, 0.925)),
    "spooky": Look(saturation=0.66, contrast=1.08, tint=(0.94, 1.0, 0.97)),
    "eerie": Look(saturation=0.70, tint=(0.93, 1.01, 0.99)),
    "mysterious": Look(saturation=0.86, tint=(0.96, 0.99, 1.03)),
    "magical": Look(saturation=1.20, tint=(1.02, 0.97, 1.06)),
    "romantic": Look(saturation=1.05, contrast=0.95, lift=0.03, tint=(1.05, 0.98, 0.97)),
    "gloomy": Look(saturation=0.72, contrast=1.05, tint=(0.96, 0.99, 1.02)),
    "lonely": Look(saturation=0.84, tint=(0.98, 0.99, 1.02)),
    "cheerful": Look(saturation=1.20, contrast=1.03, tint=(1.02, 1.0, 0.98)),
    "epic": Look(saturation=1.08, contrast=1.12),
    "cold": Look(saturation=0.90, tint=(0.94, 0.99, 1.06)),
    "hot": Look(saturation=1.02, contrast=0.97, lift=0.03, tint=(1.06, 1.0, 0.90)),
}


FORSAKEN = 0.5  # overgrown more than that, nobody lights a lamp


@dataclass(frozen=True, slots=True)
class _Air:
    """What a mood does to the air: factors on the light's colour and on the exposure; lamps lit, low mist, fireflies by night."""

    light: Colour = (1.0, 1.0, 1.0)
    exposure: float = 1.0
    lamps: bool = False
    mist_per_m: float = 0.0
    fireflies: bool = False
    cloud_cover: float = 0.0


AIRS: Mapping[str, _Air] = {
    "cosy": _Air(light=(1.06, 0.98, 0.84), lamps=True),
    "spooky": _Air(exposure=0.98, mist_per_m=0.012, cloud_cover=0.75),
    "eerie": _Air(exposure=0.98, mist_per_m=0.012, cloud_cover=0.7),
    "mysterious": _Air(exposure=0.90, mist_per_m=0.009),
    "magical": _Air(light=(1.04, 0.97, 1.0), lamps=True, mist_per_m=0.003, fireflies=True),
    "romantic": _Air(light=(1.05, 0.95, 0.88), lamps=True),
    "gloomy": _Air(exposure=0.70, cloud_cover=0.85),
    "lonely": _Air(cloud_cover=0.6),
    "epic": _Air(exposure=0.92, cloud_cover=0.55),
    "cyberpunk": _Air(exposure=0.85, lamps=True),
}


def words_of(spec: SceneSpec) -> tuple[str, ...]:
    """The style and moods of the scene, and the style of what it is about, which is the first of its things."""
    subject = next((thing.style for thing in spec.things if thing.style), None)
    return tuple(dict.fromkeys(word for word in (spec.style, subject, *spec.mood) if word))


def look_for(spec: SceneSpec) -> Look:
    """All its words' looks in one: factors multiply, of amounts the greatest counts."""
    found = [LOOKS[word] for word in words_of(spec) if word in LOOKS]
    return Look(
        saturation=math.prod(look.saturation for look in found),
        contrast=math.prod(look.contrast for look in found),
        tint=(
            math.prod(look.tint[0] for look in found),
            math.prod(look.tint[1] for look in found),
            math.prod(look.tint[2] for look in found),
        ),
        lift=max((look.lift for look in found), default=0.0),
        wash=max((look.wash for look in found), default=0.0),
        flat=any(look.flat for look in found),
        overgrown=max((look.overgrown for look in found), default=0.0),
        faded=max((look.faded for look in found), default=0.0),
        sleek=any(look.sleek for look in found),
    )


def sky_under(spec: SceneSpec, sky: Sky) -> Sky:
    """The sky as the scene's moods want it."""
    for word in words_of(spec):
        air = AIRS.get(word)
        if air is None:
            continue
        r, g, b = (value * factor for value, factor in zip(sky.light, air.light, strict=True))
        veiled = sky.fog_per_m > 0 and sky.falling == 0
        sky = replace(
            sky, light=(r, g, b), exposure=sky.exposure * air.exposure, dark=sky.dark or air.lamps,
            mist_per_m=max(sky.mist_per_m, air.mist_per_m) if veiled else sky.mist_per_m,
            fireflies=sky.fireflies or (air.fireflies and sky.stars > 0 and sky.falling == 0),
            cloud_cover=max(sky.cloud_cover, air.cloud_cover) if veiled else sky.cloud_cover,
        )  # fmt: skip
    return sky


def dressed(spec: SceneSpec, scene: Scene) -> Scene:
    """The scene with the look of its words, and the sky of its moods."""
    assert scene.sky is not None
    look, sky = look_for(spec), sky_under(spec, scene.sky)
    if scene.indoors:  # there lamps burn anyway, and panes show the day
        return replace(scene, look=look, sky=replace(sky, dark=scene.sky.dark, mist_per_m=0.0))
    forsaken = look.overgrown > FORSAKEN and place_named(spec.place).cavern is None
    return replace(scene, look=look, sky=replace(sky, dark=False) if forsaken else sky)
