/** The manifest: what world.json says, as far as the viewer needs it. */
import type { Pose, Triple } from './engine/pose';
import type { Box } from './engine/splats';

export interface Thing {
  id: number;
  kind: string;
  label: string;
  /** The words of the prompt that asked for it; empty where it was added. */
  phrase: string;
  position: Triple;
  /** Width, height, depth, before it was turned. */
  size_m: [number, number, number];
  splats: number;
  body: { mass_kg: number; dynamic: boolean } | null;
}

export interface Manifest {
  splat_count: number;
  things: Thing[];
}

export const EYE_HEIGHT_M = 1.65;

/** What the service tells of a world before its files are opened. */
export interface Facts {
  splat_count?: number;
  eye_height_m?: number;
  spawn?: { position: Triple; yaw: number; pitch: number };
  place?: string | null;
  time_of_day?: string | null;
  weather?: string | null;
}

/** Where a visitor arrives: the eyes above the place where the feet are set down. */
export function spawnOf(facts: Facts | null): Pose {
  const { position, yaw, pitch } = facts?.spawn ?? { position: [0, 0, 0] as Triple, yaw: 0, pitch: 0 };
  return { position: [position[0], position[1] + eyeHeightOf(facts), position[2]], yawRad: yaw, pitchRad: pitch };
}

export function eyeHeightOf(facts: Facts | null): number {
  return facts?.eye_height_m ?? EYE_HEIGHT_M;
}

/** Where a thing is by its own account: upright, and as wide as it could be however it is turned. */
export function boxOfThing({ position: [x, y, z], size_m: [width, height, depth] }: Thing): Box {
  const half = Math.max(width, depth) / 2;
  return { min: [x - half, y, z - half], max: [x + half, y + height, z + half] };
}
