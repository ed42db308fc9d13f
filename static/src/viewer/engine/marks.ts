/** Marks over the picture: lines and points of the world as SVG paths, cut where they pass behind the eye. */
import type { Triple } from './pose';
import type { Box } from './splats';

/** The eye for which marks are drawn: how a point of the world is seen from it, and the size of the picture. */
export interface Lens {
  /** x right, y up, −z ahead. */
  seen(point: Triple): Triple;
  width: number;
  height: number;
  /** Pixels at a distance of 1. */
  focalPx: number;
}

const NEAR_M = 0.05;

/** Where a point is on the picture; null behind the eye. */
export function pointOn(lens: Lens, point: Triple): { x: number; y: number } | null {
  const seen = lens.seen(point);
  return seen[2] > -NEAR_M ? null : flat(lens, seen);
}

function flat(lens: Lens, [x, y, z]: Triple): { x: number; y: number } {
  return { x: lens.width / 2 + (x * lens.focalPx) / -z, y: lens.height / 2 - (y * lens.focalPx) / -z };
}

/** The `d` of a path through points; pieces behind the eye are left out. */
export function pathThrough(lens: Lens, points: readonly Triple[]): string {
  let d = '';
  for (let k = 1; k < points.length; k += 1) d += segment(lens, points[k - 1]!, points[k]!);
  return d;
}

function segment(lens: Lens, from: Triple, to: Triple): string {
  let [a, b] = [lens.seen(from), lens.seen(to)];
  if (a[2] > -NEAR_M && b[2] > -NEAR_M) return '';
  if (a[2] > -NEAR_M) a = cut(a, b);
  if (b[2] > -NEAR_M) b = cut(b, a);
  const [start, end] = [flat(lens, a), flat(lens, b)];
  return `M${short(start.x)} ${short(start.y)}L${short(end.x)} ${short(end.y)}`;
}

/** The point between `behind` and `ahead` that is just before the eye. */
function cut(behind: Triple, ahead: Triple): Triple {
  const share = (-NEAR_M - behind[2]) / (ahead[2] - behind[2]);
  return [behind[0] + (ahead[0] - behind[0]) * share, behind[1] + (ahead[1] - behind[1]) * share, -NEAR_M];
}

function short(value: number): string {
  return Math.min(Math.max(value, -20_000), 20_000).toFixed(1);
}

/** The corners of a box as brackets: a share of each edge from both of its ends. */
export function brackets(lens: Lens, { min, max }: Box, share = 0.18): string {
  let d = '';
  for (let corner = 0; corner < 8; corner += 1) {
    const at = [0, 1, 2].map((axis) => ((corner >> axis) & 1 ? max : min)[axis]!) as Triple;
    for (let axis = 0; axis < 3; axis += 1) {
      const inward = [...at] as Triple;
      const other = ((corner >> axis) & 1 ? min : max)[axis]!;
      inward[axis] = at[axis]! + (other - at[axis]!) * share;
      d += segment(lens, at, inward);
    }
  }
  return d;
}
