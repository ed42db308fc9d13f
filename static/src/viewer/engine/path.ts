/**
 * Camera paths, along the very curve that the service films: cubic Hermite pieces whose slope at a keyframe is that of its
 * neighbours, weighted for uneven times (Catmull–Rom), and zero where the keyframe eases.
 *
 * In a body times are seconds and angles degrees, as the API has them; a curve is asked in seconds and answers in radians.
 */
import { lookAt, nearestTurn, type Pose, type Shot, type Triple } from './pose';

export interface Keyframe {
  time: number;
  position: Triple;
  yaw?: number | null;
  pitch: number;
  look_at?: Triple | null;
  fov: number;
  /** The camera comes to rest here. */
  ease: boolean;
}

export interface CameraPath {
  keyframes: Keyframe[];
  loop: boolean;
}

export const MAX_KEYFRAMES = 1_000;
export const LONGEST_PATH_S = 600;
const RAD = Math.PI / 180;

/** A path as the service sends it: points are lists, and what may be left out may be missing. */
export interface PathBody {
  keyframes: readonly (Omit<Partial<Keyframe>, 'position' | 'look_at'> & { position: number[]; look_at?: number[] | null })[];
  loop?: boolean;
}

/** A path with everything said that may be left out. */
export function pathOf(body: PathBody): CameraPath {
  const keyframes = body.keyframes.map((frame) => ({
    ...frame,
    time: frame.time ?? 0,
    position: frame.position as Triple,
    look_at: frame.look_at as Triple | null | undefined,
    pitch: frame.pitch ?? 0,
    fov: frame.fov ?? 75,
    ease: frame.ease ?? false,
  }));
  return { keyframes, loop: body.loop ?? false };
}

export interface Curve {
  durationS: number;
  at(timeS: number): Shot;
}

/** The curve of a path with at least one keyframe. */
export function curveOf(path: CameraPath): Curve {
  const loop = path.loop && path.keyframes.length > 1;
  const times = path.keyframes.map((frame) => frame.time);
  const rows = path.keyframes.map(rowOf);
  const rests = path.keyframes.map((frame) => frame.ease);
  if (loop) {
    times.push(times[times.length - 1]! + times[1]!);
    rows.push([...rows[0]!]);
    rests.push(rests[0]!);
  }
  // Where every keyframe says its yaw, 0 to 360 is meant as a full turn; directions to look at say nothing about turns.
  if (path.keyframes.some((frame) => frame.yaw == null)) unwrapYaws(rows);
  if (loop) rows[rows.length - 1]![3] = nearestTurn(rows[rows.length - 2]![3]!, rows[0]![3]!);
  const slopes = slopesOf(times, rows, rests, loop);
  const durationS = times[times.length - 1]!;
  return { durationS, at: (timeS) => shotOf(interpolated(times, rows, slopes, Math.min(Math.max(timeS, 0), durationS))) };
}

function rowOf(frame: Keyframe): number[] {
  const turned = frame.look_at
    ? lookAt(frame.position, frame.look_at)
    : { yawRad: (frame.yaw ?? 0) * RAD, pitchRad: frame.pitch * RAD };
  return [...frame.position, turned.yawRad, turned.pitchRad, frame.fov * RAD];
}

function shotOf(row: readonly number[]): Shot {
  const [x, y, z, yawRad, pitchRad, fovRad] = row as [number, number, number, number, number, number];
  return { position: [x, y, z], yawRad, pitchRad, fovRad };
}

function unwrapYaws(rows: number[][]): void {
  for (let k = 1; k < rows.length; k += 1) rows[k]![3] = nearestTurn(rows[k - 1]![3]!, rows[k]![3]!);
}

function slopesOf(times: number[], rows: number[][], rests: boolean[], loop: boolean): number[][] {
  const last = rows.length - 1;
  if (last < 1) return rows.map((row) => row.map(() => 0));
  const span = (k: number) => times[k + 1]! - times[k]!;
  const slope = (k: number, axis: number) => (rows[k + 1]![axis]! - rows[k]![axis]!) / span(k);
  const meeting = (before: number, after: number, axis: number) =>
    (slope(before, axis) * span(after) + slope(after, axis) * span(before)) / (span(before) + span(after));
  return rows.map((row, k) =>
    row.map((_, axis) => {
      if (rests[k]) return 0;
      if (k > 0 && k < last) return meeting(k - 1, k, axis);
      if (loop) return meeting(last - 1, 0, axis);
      return slope(k === 0 ? 0 : last - 1, axis);
    }),
  );
}

function interpolated(times: number[], rows: number[][], slopes: number[][], timeS: number): number[] {
  if (rows.length === 1) return rows[0]!;
  let k = 0;
  while (k < rows.length - 2 && times[k + 1]! <= timeS) k += 1;
  const span = times[k + 1]! - times[k]!;
  const t = (timeS - times[k]!) / span;
  return rows[k]!.map(
    (start, axis) =>
      (1 + 2 * t) * (1 - t) ** 2 * start +
      t * (1 - t) ** 2 * span * slopes[k]![axis]! +
      t * t * (3 - 2 * t) * rows[k + 1]![axis]! +
      t * t * (t - 1) * span * slopes[k + 1]![axis]!,
  );
}

/** A keyframe after the others: what is seen now, `afterS` later, turned the short way from the last one. */
export function appended(path: CameraPath, pose: Pose, fovDeg: number, afterS: number): CameraPath {
  const last = path.keyframes.at(-1);
  const before = last ? rowOf(last)[3]! : pose.yawRad;
  const frame: Keyframe = {
    time: last ? round(last.time + afterS, 3) : 0,
    position: pose.position.map((value) => round(value, 4)) as Triple,
    yaw: round(nearestTurn(before, pose.yawRad) / RAD, 3),
    pitch: round(pose.pitchRad / RAD, 3),
    fov: fovDeg,
    ease: false,
  };
  return { ...path, keyframes: [...path.keyframes, frame] };
}

/** The path without one keyframe; what follows the first one then begins at 0. */
export function without(path: CameraPath, index: number): CameraPath {
  return begun({ ...path, keyframes: path.keyframes.filter((_, k) => k !== index) });
}

/** The path with one keyframe at another time; the order follows the times, and no two moments are the same. */
export function retimed(path: CameraPath, index: number, timeS: number): CameraPath {
  const wanted = round(Math.min(Math.max(timeS, 0), LONGEST_PATH_S), 3);
  const others = path.keyframes.filter((_, k) => k !== index);
  let time = wanted;
  while (others.some((frame) => Math.abs(frame.time - time) < 0.05)) time = round(time + 0.1, 3);
  const keyframes = [...others, { ...path.keyframes[index]!, time }].sort((a, b) => a.time - b.time);
  return begun({ ...path, keyframes });
}

/** The path with one keyframe changed otherwise. */
export function changed(path: CameraPath, index: number, change: Partial<Keyframe>): CameraPath {
  return { ...path, keyframes: path.keyframes.map((frame, k) => (k === index ? { ...frame, ...change } : frame)) };
}

/** The first keyframe has time 0. */
function begun(path: CameraPath): CameraPath {
  const start = path.keyframes[0]?.time ?? 0;
  return start === 0 ? path : { ...path, keyframes: path.keyframes.map((frame) => ({ ...frame, time: round(frame.time - start, 3) })) };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
