"""Streets: what belongs on the roadway, at the kerb, on the pavement and behind it, and which way it looks.

Positions across the street are measured from its middle; `side` is −1 on the left, +1 on the right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.footprints import Reals
from pipelines.layout.members import Group
from pipelines.layout.terrain import Street

KERB_FREE_M = 0.55
DEPTH_M, BACK_M = 84.0, 62.0


class StreetPlaces:
    """Where things stand on a street."""

    def __init__(self, street: Street | None, pavement_m: float) -> None:
        self.street, self.pavement_m = street, pavement_m

    def allowed(self, group: Group, x: Reals, z: Reals) -> NDArray[np.bool_]:
        """Whether plans lie on the part of the street that is theirs. x, z: (n, k) points of them, corners among these."""
        assert self.street is not None
        del z
        from_kerb = np.abs(x - self.street.centre_x) - self.street.half_width_m
        if is_vehicle(group):
            return np.asarray(from_kerb.max(axis=1) < -0.1)
        if group.is_building or _at(group).startswith("row"):
            return np.asarray(from_kerb.min(axis=1) > self.pavement_m)
        edge = self.pavement_m + (0.0 if max(group.size()[::2]) < self.pavement_m - 0.3 else 6.0)  # what is wider goes behind it
        same_side = np.ptp(np.sign(x - self.street.centre_x), axis=1) == 0
        return np.asarray((from_kerb.min(axis=1) > 0.12) & (from_kerb.max(axis=1) < edge) & same_side)

    def candidates(self, group: Group, number: int, rng: np.random.Generator) -> Reals:
        """Poses for what no relation places."""
        assert self.street is not None
        width, _, depth = group.size(number)
        where, half, centre = _at(group), self.street.half_width_m, self.street.centre_x
        if where.startswith("row") or (group.is_building and where != "far"):
            sides = {"row left": [-1.0], "row right": [1.0]}.get(where, [-1.0, 1.0])
            begin = BACK_M - 12.0 if group.is_building else 18.0
            z = np.arange(begin, -DEPTH_M, -0.25) if where.startswith("row") else np.arange(-8.0, -60.0, -0.5)
            back = group.bring.back_m if group.bring is not None else 0.3
            behind = half + 0.16 + self.pavement_m + depth / 2 + back
            return np.concatenate(
                [np.stack([np.full(len(z), centre + side * behind), z, np.full(len(z), -side * np.pi / 2)], axis=1) for side in sides]
            )
        if is_vehicle(group):
            return self._on_road(group, width, rng, parked=where in ("gutter", "scenic"))
        side = rng.choice([-1.0, 1.0], 160)
        if where == "kerb":
            side[:] = 1.0 if number % 2 else -1.0
            step = group.bring.spacing_m if group.bring is not None else 12.0
            z = -8.5 - step * (number // 2) - rng.uniform(0, 1.5, 160) - (0.37 * step if group.is_tree else 0.0)
            away = np.full(160, half + KERB_FREE_M)
        else:
            low, high = group.bring.distance_m if group.bring is not None and where == "pavement" else (4.5, 13.0)
            z = -rng.uniform(low, high, 160)
            away = half + rng.uniform(KERB_FREE_M, max(self.pavement_m - 0.2, 1.0), 160)
        x = centre + side * away
        return np.stack([x, z, -side * np.pi / 2], axis=1)

    def _on_road(self, group: Group, width: float, rng: np.random.Generator, *, parked: bool) -> Reals:
        """In the gutter when parked, else in a lane; driving on the right."""
        assert self.street is not None
        side = rng.choice([-1.0, 1.0], 200)
        lane = self.street.half_width_m - width / 2 - 0.3 if parked and group.bring is not None else 0.5 * self.street.half_width_m
        x = self.street.centre_x + side * np.clip(
            lane + rng.normal(0, 0.1, 200), width / 2 + 0.1, self.street.half_width_m - width / 2 - 0.2
        )
        z = -rng.uniform(9.0, 34.0, 200) if group.bring is None else -rng.uniform(13.0, 60.0, 200)
        return np.stack([x, z, np.where(side > 0, np.pi, 0.0)], axis=1)

    def snapped(self, group: Group, poses: Reals) -> Reals:
        """Poses of vehicles beside the roadway moved into the lane on their side: behind a filling station is on the road farther on."""
        assert self.street is not None
        if not is_vehicle(group):
            return poses
        half, width = self.street.half_width_m, group.size()[0]
        across = poses[:, 0] - self.street.centre_x
        lane = np.sign(across) * np.clip(0.5 * half, width / 2 + 0.1, half - width / 2 - 0.2)
        x = np.where(np.abs(across) > half - width / 2 - 0.1, self.street.centre_x + lane, poses[:, 0])
        return np.stack([x, poses[:, 1], poses[:, 2]], axis=1)

    def yaws(self, group: Group, poses: Reals, rng: np.random.Generator) -> Reals:
        """Vehicles along their lane, houses and lamps square to the street, the rest towards it and a little towards the visitor."""
        assert self.street is not None
        side = np.sign(poses[:, 0] - self.street.centre_x)
        if is_vehicle(group):
            return np.where(side > 0, np.pi, 0.0)
        inward = -side * np.pi / 2
        if group.is_building or _at(group) in ("kerb", "row left", "row right"):
            return np.asarray(inward)
        if group.size()[2] > 1.3 * group.size()[0]:  # long things stand along the street
            return np.where(side > 0, np.pi, 0.0) + rng.normal(0, 0.05, len(poses))
        return np.asarray(inward * (1.0 - 0.35 * rng.random(len(poses))))


def is_vehicle(group: Group) -> bool:
    """What drives on the roadway; bicycles lean on the pavement."""
    return group.kind.stands_on == "ground" and (group.kind.family == "vehicles" or "vehicle" in group.kind.tags) and group.size()[0] > 0.95


def _at(group: Group) -> str:
    return group.bring.at if group.bring is not None else ""
