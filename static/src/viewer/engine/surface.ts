/** What lies under the pointer: the nearest splat that one sees there, made exact by the collider where that is close by. */
import type { Triple } from './pose';
import { plus } from './pose';
import type { Hit, Solid } from './solid';
import { type Box, joined, type Layer } from './splats';
import type { Ray } from './stage';

const LEAST_OPACITY = 0.3;
/** A splat hides what is behind it up to here from its middle, in standard deviations. */
const REACH = 1.6;
/** Splats wider than this are sky. */
const WIDEST_M = 30;
const FARTHEST_M = 2_000;
const NEAR_M = 0.3;
const NEAR_SHARE = 0.3;

/** The splats of a small level, laid out for looking along rays. */
export class Seen {
  private readonly count: number;
  /** x, y, z and bounding radius of each. */
  private readonly spheres: Float32Array;
  /** Rows of the matrix that takes an offset from the middle into standard deviations. */
  private readonly shapes: Float32Array;
  private readonly things: Uint16Array | null;
  /** Where the splats of each thing are, as far as they are known. */
  readonly boxes = new Map<number, Box>();

  constructor(layer: Layer) {
    this.spheres = new Float32Array(layer.count * 4);
    this.shapes = new Float32Array(layer.count * 9);
    const things = layer.things ? new Uint16Array(layer.count) : null;
    let kept = 0;
    layer.mesh.forEachSplat((index, centre, scales, { x, y, z, w }, opacity) => {
      const widest = Math.max(scales.x, scales.y, scales.z);
      if (opacity < LEAST_OPACITY || widest > WIDEST_M) return;
      this.spheres.set([centre.x, centre.y, centre.z, REACH * widest], 4 * kept);
      const [a, b, c] = [scales.x, scales.y, scales.z].map((scale) => 1 / Math.max(scale, 0.004)) as Triple;
      this.shapes.set(
        [
          a * (1 - 2 * (y * y + z * z)), a * 2 * (x * y + z * w), a * 2 * (x * z - y * w),
          b * 2 * (x * y - z * w), b * (1 - 2 * (x * x + z * z)), b * 2 * (y * z + x * w),
          c * 2 * (x * z + y * w), c * 2 * (y * z - x * w), c * (1 - 2 * (x * x + y * y)),
        ],
        9 * kept,
      );
      if (things) {
        things[kept] = layer.things![index]!;
        this.grow(things[kept]!, centre.toArray());
      }
      kept += 1;
    });
    this.count = kept;
    this.things = things;
  }

  private grow(thingId: number, at: Triple): void {
    const box = this.boxes.get(thingId);
    this.boxes.set(thingId, joined(box ?? null, { min: at, max: at })!);
  }

  /** The nearest splat along a ray. thingId is 0 where the world does not tell. */
  cast({ origin, direction }: Ray, passes: (thingId: number) => boolean): Hit | null {
    const { spheres, things } = this;
    const [ox, oy, oz] = origin;
    const [dx, dy, dz] = direction;
    let nearest = Infinity;
    let found = -1;
    for (let k = 0; k < this.count; k += 1) {
      const [x, y, z, radius] = [spheres[4 * k]! - ox, spheres[4 * k + 1]! - oy, spheres[4 * k + 2]! - oz, spheres[4 * k + 3]!];
      const along = x * dx + y * dy + z * dz;
      if (along < 0.1 || along - radius > nearest || x * x + y * y + z * z - along * along > radius * radius) continue;
      if (things && passes(things[k]!)) continue;
      const distance = this.within(k, x, y, z, direction);
      if (distance < nearest) [nearest, found] = [distance, k];
    }
    if (found < 0) return null;
    return { distanceM: nearest, point: plus(origin, direction, nearest), thingId: things?.[found] ?? 0 };
  }

  /** Where the ray comes nearest to the middle of splat k, seen from that splat's own shape; Infinity where it misses. */
  private within(k: number, x: number, y: number, z: number, [dx, dy, dz]: Triple): number {
    const { shapes } = this;
    let [across, square, step] = [0, 0, 0];
    for (let row = 9 * k; row < 9 * k + 9; row += 3) {
      const offset = shapes[row]! * x + shapes[row + 1]! * y + shapes[row + 2]! * z;
      const slope = shapes[row]! * dx + shapes[row + 1]! * dy + shapes[row + 2]! * dz;
      square += offset * offset;
      across += offset * slope;
      step += slope * slope;
    }
    const t = across / step;
    return t > 0.05 && square - across * t < REACH * REACH ? t : Infinity;
  }
}

/** What is hit first, seen or solid. */
export function firstHit(ray: Ray, seen: Seen | null, solid: Solid | null, passes: (thingId: number) => boolean): Hit | null {
  const splat = seen?.cast(ray, passes) ?? null;
  const wall = solid?.cast(ray, FARTHEST_M, passes) ?? null;
  if (!splat || !wall) return splat ?? wall;
  // Something of its own before the wall (a crown, a bird) has only its splats to tell where it is.
  if (splat.thingId && splat.thingId !== wall.thingId && splat.distanceM < wall.distanceM) return splat;
  // Otherwise the surface is where the collider has it: seen along the ground, a wide splat is met long before.
  const nearTheWall = Math.abs(splat.distanceM - wall.distanceM) < NEAR_M + NEAR_SHARE * wall.distanceM;
  if (nearTheWall) return { ...wall, thingId: splat.thingId || wall.thingId };
  return splat.distanceM < wall.distanceM ? splat : wall;
}
