/** Poses: where the eye is and where it looks. x right, y up, z towards the viewer; metres, radians; yaw turns left, pitch up. */

export type Triple = [number, number, number];

export interface Pose {
  position: Triple;
  yawRad: number;
  pitchRad: number;
}

/** What is seen: a pose and how wide. */
export interface Shot extends Pose {
  /** Horizontal field of view. */
  fovRad: number;
}

export const MAX_PITCH_RAD = (89 * Math.PI) / 180;

/** The unit vector that a pose looks along. */
export function forwardOf({ yawRad, pitchRad }: Pick<Pose, 'yawRad' | 'pitchRad'>): Triple {
  const level = Math.cos(pitchRad);
  return [-Math.sin(yawRad) * level, Math.sin(pitchRad), -Math.cos(yawRad) * level];
}

/** Yaw and pitch with which `target` is in the middle of the picture. */
export function lookAt(position: Triple, target: Triple): Pick<Pose, 'yawRad' | 'pitchRad'> {
  const [x, y, z] = minus(target, position);
  return { yawRad: Math.atan2(-x, -z), pitchRad: Math.atan2(y, Math.hypot(x, z)) };
}

export function plus(a: Triple, b: Triple, times = 1): Triple {
  return [a[0] + b[0] * times, a[1] + b[1] * times, a[2] + b[2] * times];
}

export function minus(a: Triple, b: Triple): Triple {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

export function distanceBetween(a: Triple, b: Triple): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** The angle next to `fromRad` that points where `toRad` points. */
export function nearestTurn(fromRad: number, toRad: number): number {
  return toRad + 2 * Math.PI * Math.round((fromRad - toRad) / (2 * Math.PI));
}

export function clampPitch(pitchRad: number): number {
  return Math.min(Math.max(pitchRad, -MAX_PITCH_RAD), MAX_PITCH_RAD);
}

/** The pose `share` (0 to 1) of the way between two, leaving and arriving at rest, turning the short way. */
export function between(from: Pose, to: Pose, share: number): Pose {
  const t = Math.min(Math.max(share, 0), 1);
  const eased = t * t * t * (t * (6 * t - 15) + 10);
  const yawRad = nearestTurn(from.yawRad, to.yawRad);
  return {
    position: plus(from.position, minus(to.position, from.position), eased),
    yawRad: from.yawRad + (yawRad - from.yawRad) * eased,
    pitchRad: from.pitchRad + (to.pitchRad - from.pitchRad) * eased,
  };
}

/** Vertical field of view of a picture whose longer side spans `wideDeg`. */
export function verticalFovDeg(wideDeg: number, aspect: number): number {
  if (aspect <= 1) return wideDeg;
  return (2 * Math.atan(Math.tan((wideDeg * Math.PI) / 360) / aspect) * 180) / Math.PI;
}
