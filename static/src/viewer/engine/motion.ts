/** Motion: walking on what is solid, flying through everything, orbiting round something; and gliding from here to there. */
import { type Intent, isStill } from './controls';
import { between, clampPitch, distanceBetween, forwardOf, lookAt, minus, plus, type Pose, type Triple } from './pose';
import type { Body, Solid } from './solid';

export type Mode = 'walk' | 'fly' | 'orbit';

const WALK_M_PER_S = 1.9;
const FLY_M_PER_S = 4;
const FAST = 2.4;
const JUMP_M_PER_S = 4.3;
const GRAVITY_M_PER_S2 = 9.81;
const TURN_RAD_PER_S = 1.7;
const PITCH_RAD_PER_S = 1.2;
/** How quickly speed follows the wish, and the eyes follow the feet over a step. */
const ACCELERATION_PER_S = 11;
const EYES_PER_S = 14;
const SUBSTEP_S = 1 / 60;
/** Whoever walks does not leap when the machine stumbles. */
const LONGEST_STEP_S = 0.25;
const LOST_BELOW_M = 40;
const GLIDE_S = 1.1;
const RAD_A_PX = 0.0032;
const NEAREST_ORBIT_M = 0.6;
const FARTHEST_ORBIT_M = 400;

interface Glide {
  from: Pose;
  to: Pose;
  durationS: number;
  doneS: number;
  arrived: () => void;
}

export interface MotionEvents {
  /** One has fallen out of the world, and is back at the start. */
  fellOut(): void;
}

export class Motion {
  mode: Mode = 'walk';
  speed = 1;
  pose: Pose;
  /** Nobody wants to be swung around: glides become cuts. */
  reduced = false;
  /** Whether the last step of a walk was stopped by something. */
  blocked = false;
  private solid: Solid | null = null;
  private body: Body | null = null;
  private feet: Triple;
  private eyeY: number;
  private velocity: Triple = [0, 0, 0];
  private grounded = true;
  private target: Triple = [0, 0, 0];
  private distanceM = 6;
  private glide: Glide | null = null;

  constructor(
    private spawn: Pose,
    private readonly eyeHeightM: number,
    private readonly events: MotionEvents,
  ) {
    this.pose = spawn;
    this.feet = this.feetOf(spawn.position);
    this.eyeY = spawn.position[1];
  }

  /** Gives walking its ground. */
  setSolid(solid: Solid): void {
    this.solid = solid;
    this.body = solid.body(this.eyeHeightM);
  }

  setSpawn(spawn: Pose): void {
    const untouched = this.pose === this.spawn;
    this.spawn = spawn;
    if (untouched) this.jumpTo(spawn);
  }

  get isGliding(): boolean {
    return this.glide !== null;
  }

  setMode(mode: Mode, focus: Triple): void {
    this.glide = null;
    this.velocity = [0, 0, 0];
    if (mode === 'orbit') {
      this.target = focus;
      this.distanceM = Math.min(Math.max(distanceBetween(focus, this.pose.position), NEAREST_ORBIT_M), FARTHEST_ORBIT_M);
    }
    if (mode === 'walk' && this.mode !== 'walk') this.land();
    this.mode = mode;
  }

  jumpTo(pose: Pose): void {
    this.glide = null;
    this.velocity = [0, 0, 0];
    this.pose = pose;
    this.feet = this.feetOf(pose.position);
    this.eyeY = pose.position[1];
    if (this.mode === 'orbit') this.target = plus(pose.position, forwardOf(pose), this.distanceM);
  }

  reset(): void {
    if (this.mode === 'orbit') this.mode = 'walk';
    this.jumpTo(this.spawn);
  }

  /** Glides there; for those who want no motion, cuts. */
  glideTo(to: Pose, arrived: () => void = () => undefined, durationS = GLIDE_S): void {
    if (this.reduced) {
      this.jumpTo(to);
      arrived();
    } else {
      this.glide = { from: this.pose, to, durationS, doneS: 0, arrived };
    }
  }

  /** Looks around by a drag of so many pixels. */
  look(right: number, down: number): void {
    if (this.glide) return;
    const sign = this.mode === 'orbit' ? 1.4 : 1;
    this.turn(-right * RAD_A_PX * sign, -down * RAD_A_PX * sign);
  }

  /** Comes nearer or goes farther by a share of the distance; where one does not orbit, moves along the look. */
  dolly(share: number): void {
    if (this.mode === 'orbit') {
      this.distanceM = Math.min(Math.max(this.distanceM * (1 - share), NEAREST_ORBIT_M), FARTHEST_ORBIT_M);
      this.round();
    } else if (this.mode === 'fly') {
      this.pose = { ...this.pose, position: plus(this.pose.position, forwardOf(this.pose), share * 4 * this.speed) };
    }
  }

  /** Moves the middle of the orbit across the picture, by shares of its distance. */
  pan(right: number, up: number): void {
    if (this.mode !== 'orbit') return;
    const { yawRad } = this.pose;
    const across: Triple = [Math.cos(yawRad), 0, -Math.sin(yawRad)];
    this.target = plus(plus(this.target, across, right * this.distanceM), [0, 1, 0], up * this.distanceM);
    this.round();
  }

  /** One step; true while anything moves. */
  step(intent: Intent, elapsedS: number): boolean {
    const seconds = Math.min(elapsedS, LONGEST_STEP_S);
    if (this.glide) {
      if (isStill(intent)) return this.gliding(seconds);
      this.glide = null; // whoever sets off has had enough of gliding
      this.jumpTo(this.pose);
    }
    const before = this.pose;
    if (intent.turn || intent.pitch) this.turn(intent.turn * TURN_RAD_PER_S * seconds, intent.pitch * PITCH_RAD_PER_S * seconds);
    if (this.mode === 'walk') this.walk(intent, seconds);
    else if (this.mode === 'fly') this.fly(intent, seconds);
    else this.orbit(intent, seconds);
    return !isStill(intent) || distanceBetween(before.position, this.pose.position) > 1e-5;
  }

  private gliding(seconds: number): boolean {
    const { from, to, durationS, arrived } = this.glide!;
    const doneS = (this.glide!.doneS += seconds);
    this.pose = between(from, to, doneS / durationS);
    if (doneS >= durationS) {
      this.jumpTo(to);
      arrived();
    }
    return true;
  }

  private walk(intent: Intent, seconds: number): void {
    const pace = WALK_M_PER_S * this.speed * (intent.fast ? FAST : 1);
    const wish = this.level(intent, pace);
    for (let left = seconds; left > 1e-6; left -= SUBSTEP_S) this.pace(wish, intent.jump, Math.min(left, SUBSTEP_S));
    if (this.feet[1] < this.spawn.position[1] - LOST_BELOW_M) {
      this.jumpTo(this.spawn);
      this.events.fellOut();
      return;
    }
    const gap = this.feet[1] + this.eyeHeightM - this.eyeY;
    this.eyeY += Math.abs(gap) < 1e-4 ? gap : gap * (1 - Math.exp(-EYES_PER_S * seconds));
    this.pose = { ...this.pose, position: [this.feet[0], this.eyeY, this.feet[2]] };
  }

  private pace(wish: Triple, jump: boolean, seconds: number): void {
    const share = 1 - Math.exp(-ACCELERATION_PER_S * seconds);
    const [vx, vy, vz] = this.velocity;
    const slow = Math.hypot(vx, vz) < 0.01 && wish[0] === 0 && wish[2] === 0;
    const across = slow ? ([0, 0, 0] as Triple) : plus([vx, 0, vz], minus(wish, [vx, 0, vz]), share);
    if (!this.body) {
      this.velocity = [across[0], 0, across[2]]; // nothing is solid yet: on the level
      this.feet = plus(this.feet, this.velocity, seconds);
      return;
    }
    const upward = this.grounded ? (jump ? JUMP_M_PER_S : Math.max(vy, 0)) : vy - GRAVITY_M_PER_S2 * seconds;
    const fall = this.grounded && upward === 0 ? -GRAVITY_M_PER_S2 * seconds * seconds : upward * seconds;
    const moved = this.body.moved(this.feet, [across[0] * seconds, fall, across[2] * seconds]);
    const stuck = Math.abs(moved.feet[1] - this.feet[1]) < 0.2 * Math.abs(upward * seconds);
    this.grounded = moved.grounded && upward <= 0.01;
    this.velocity = [across[0], this.grounded || (stuck && upward > 0) ? 0 : upward, across[2]];
    this.blocked = moved.blocked;
    this.feet = slow && this.grounded && distanceBetween(moved.feet, this.feet) < 0.002 ? this.feet : moved.feet;
  }

  private fly(intent: Intent, seconds: number): void {
    const pace = FLY_M_PER_S * this.speed * (intent.fast ? FAST : 1);
    const { yawRad, pitchRad } = this.pose;
    const ahead = forwardOf({ yawRad, pitchRad });
    const right: Triple = [Math.cos(yawRad), 0, -Math.sin(yawRad)];
    const up = Math.min(1, intent.up + (intent.jump ? 1 : 0));
    const wish = plus(plus(plus([0, 0, 0], ahead, intent.ahead * pace), right, intent.right * pace), [0, 1, 0], up * pace);
    this.velocity = plus(this.velocity, minus(wish, this.velocity), 1 - Math.exp(-ACCELERATION_PER_S * seconds));
    if (Math.hypot(...this.velocity) < 0.01) this.velocity = [0, 0, 0];
    this.pose = { ...this.pose, position: plus(this.pose.position, this.velocity, seconds) };
    this.feet = this.feetOf(this.pose.position);
  }

  private orbit(intent: Intent, seconds: number): void {
    if (intent.ahead) this.dolly(intent.ahead * seconds * this.speed);
    if (intent.right || intent.up) this.pan(intent.right * seconds * this.speed, intent.up * seconds * this.speed);
    this.round();
  }

  private turn(left: number, up: number): void {
    const pose = { ...this.pose, yawRad: this.pose.yawRad + left, pitchRad: clampPitch(this.pose.pitchRad + up) };
    this.pose = pose;
    if (this.mode === 'orbit') this.round();
  }

  private round(): void {
    this.pose = { ...this.pose, position: plus(this.target, forwardOf(this.pose), -this.distanceM) };
  }

  /** A wish on the level, in metres a second. */
  private level(intent: Intent, pace: number): Triple {
    const { yawRad } = this.pose;
    const [sine, cosine] = [Math.sin(yawRad), Math.cos(yawRad)];
    return [(-sine * intent.ahead + cosine * intent.right) * pace, 0, (-cosine * intent.ahead - sine * intent.right) * pace];
  }

  /** Sets the feet on the ground under the eyes, or, from under the ground, on it. */
  private land(): void {
    const [x, y, z] = this.pose.position;
    const down: Triple = [0, -1, 0];
    const below = this.solid?.cast({ origin: [x, y, z], direction: down }, 500);
    const above = below ?? this.solid?.cast({ origin: [x, y + 300, z], direction: down }, 800);
    if (above) this.feet = plus(above.point, [0, 1, 0], 0.03);
    else this.feet = [x, this.solid ? this.spawn.position[1] - this.eyeHeightM : y - this.eyeHeightM, z];
    this.grounded = true;
    this.eyeY = y;
  }

  private feetOf([x, y, z]: Triple): Triple {
    return [x, y - this.eyeHeightM, z];
  }
}

/** A place from which a box fills a good part of the picture, seen from the side where one is. */
export function viewOf(centre: Triple, sizeM: number, from: Pose, wideDeg: number): Pose {
  const offset = minus(from.position, centre);
  const level = Math.hypot(offset[0], offset[2]) || 1;
  const away = Math.max(1.6, (sizeM * 0.75) / Math.tan((wideDeg * Math.PI) / 360) + sizeM * 0.35);
  const position: Triple = [
    centre[0] + (offset[0] / level) * away,
    centre[1] + Math.max(0.25 * away, 0.3),
    centre[2] + (offset[2] / level) * away,
  ];
  return { position, ...lookAt(position, centre) };
}
