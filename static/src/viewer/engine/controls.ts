/** Controls: what keys, sticks and pads mean, as one intent that the modes of moving act upon. */

/** Shares of full speed, −1 to 1. Turning: 1 is left, and up. */
export interface Intent {
  ahead: number;
  right: number;
  up: number;
  turn: number;
  pitch: number;
  fast: boolean;
  jump: boolean;
}

export const STILL: Readonly<Intent> = { ahead: 0, right: 0, up: 0, turn: 0, pitch: 0, fast: false, jump: false };

type Axis = 'ahead' | 'right' | 'up' | 'turn' | 'pitch';

/** By place on the keyboard (KeyboardEvent.code), so that WASD lies where it does on any layout. */
const KEYS: Readonly<Record<string, readonly [Axis, 1 | -1]>> = {
  KeyW: ['ahead', 1],
  KeyS: ['ahead', -1],
  KeyA: ['right', -1],
  KeyD: ['right', 1],
  KeyE: ['up', 1],
  KeyQ: ['up', -1],
  ArrowUp: ['ahead', 1],
  ArrowDown: ['ahead', -1],
  ArrowLeft: ['turn', 1],
  ArrowRight: ['turn', -1],
  PageUp: ['pitch', 1],
  PageDown: ['pitch', -1],
};

const HURRY = ['ShiftLeft', 'ShiftRight'];

/** Whether a key says how the visitor moves: the canvas keeps those to itself, and remembers them while they are held. */
export function movesCamera(code: string): boolean {
  return code in KEYS || code === 'Space' || HURRY.includes(code);
}

/** What the keys that are held down mean. Shift hurries; space jumps, or rises where there is no ground. */
export function keyIntent(held: ReadonlySet<string>): Intent {
  const intent: Intent = { ...STILL };
  for (const code of held) {
    const meaning = KEYS[code];
    if (meaning) intent[meaning[0]] += meaning[1];
  }
  intent.fast = HURRY.some((code) => held.has(code));
  intent.jump = held.has('Space');
  return bounded(intent);
}

const DEAD_ZONE = 0.16;

/** A stick's deflection without the play around its middle, finer near it. */
export function stickShare(value: number): number {
  const beyond = Math.max(0, Math.abs(value) - DEAD_ZONE) / (1 - DEAD_ZONE);
  return Math.sign(value) * Math.min(1, beyond) ** 1.5;
}

/** What a gamepad of the standard layout means. */
export function padIntent(axes: readonly number[], pressed: readonly boolean[]): Intent {
  const stick = (k: number) => stickShare(axes[k] ?? 0);
  const share = (k: number) => (pressed[k] ? 1 : 0);
  return bounded({
    ahead: -stick(1) + share(12) - share(13),
    right: stick(0) + share(15) - share(14),
    up: share(5) - share(4),
    turn: -stick(2),
    pitch: -stick(3),
    fast: share(6) + share(7) + share(10) > 0,
    jump: share(0) > 0,
  });
}

/** Several hands at once. */
export function together(...intents: readonly Intent[]): Intent {
  const sum: Intent = { ...STILL };
  for (const one of intents) {
    sum.ahead += one.ahead;
    sum.right += one.right;
    sum.up += one.up;
    sum.turn += one.turn;
    sum.pitch += one.pitch;
    sum.fast ||= one.fast;
    sum.jump ||= one.jump;
  }
  return bounded(sum);
}

export function isStill(intent: Intent): boolean {
  return !intent.ahead && !intent.right && !intent.up && !intent.turn && !intent.pitch && !intent.jump;
}

/** No axis beyond full speed, and no faster across than straight on. */
function bounded(intent: Intent): Intent {
  const length = Math.hypot(intent.ahead, intent.right);
  const less = length > 1 ? 1 / length : 1;
  const limit = (value: number) => Math.min(Math.max(value, -1), 1);
  return {
    ...intent,
    ahead: intent.ahead * less,
    right: intent.right * less,
    up: limit(intent.up),
    turn: limit(intent.turn),
    pitch: limit(intent.pitch),
  };
}

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8] as const;

/** The next speed in a direction; the ends stay. */
export function nextSpeed(speed: number, direction: 1 | -1): number {
  const nearest = SPEEDS.reduce((best, one, k) => (Math.abs(one - speed) < Math.abs(SPEEDS[best]! - speed) ? k : best), 0);
  return SPEEDS[Math.min(Math.max(nearest + direction, 0), SPEEDS.length - 1)]!;
}
