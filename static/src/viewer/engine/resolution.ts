/** Resolution: how many pixels are drawn while things move, so that the picture stays fluid; at rest it is sharp again. */

export const LEAST_SCALE = 0.35;
const SLOW_MS = 1000 / 40;
const FAST_MS = 1000 / 56;
/** So many slow frames, and so long, are no hiccup. */
const SLOW_FRAMES = 3;
const SLOW_FOR_MS = 240;
const FAST_FRAMES = 64;
const LARGEST_STEP_DOWN = 0.6;
const SMALLEST_STEP_DOWN = 0.88;
const STEP_UP = 1.1;
/** A sharp picture that takes longer than this would be felt as a hang when one sets off again. */
const LONGEST_STILL_MS = 400;

export interface ResolutionState {
  /** Of full resolution, along one side: 1 is every pixel of the screen. */
  scale: number;
  /** What a frame takes lately, weighted to the newest; 0 before the first. */
  frameMs: number;
  slowFrames: number;
  fastFrames: number;
}

export const FULL_RESOLUTION: Readonly<ResolutionState> = { scale: 1, frameMs: 0, slowFrames: 0, fastFrames: 0 };

/** The state after a frame that took `frameMs` while moving. */
export function afterFrame(state: ResolutionState, frameMs: number): ResolutionState {
  // One hiccup counts no more than twice what is usual; slowness that stays is seen all the same.
  const smoothed = state.frameMs === 0 ? frameMs : state.frameMs * 0.8 + Math.min(frameMs, state.frameMs * 2) * 0.2;
  const slowFrames = smoothed > SLOW_MS ? state.slowFrames + 1 : 0;
  const fastFrames = smoothed < FAST_MS ? state.fastFrames + 1 : 0;
  if (slowFrames >= SLOW_FRAMES && slowFrames * smoothed >= SLOW_FOR_MS && state.scale > LEAST_SCALE) {
    const step = Math.min(Math.max(Math.sqrt(SLOW_MS / smoothed), LARGEST_STEP_DOWN), SMALLEST_STEP_DOWN);
    return changed(Math.max(LEAST_SCALE, state.scale * step), smoothed);
  }
  // Going up is tried more rarely than going down, so that it does not swing.
  if (fastFrames >= FAST_FRAMES && state.scale < 1) return changed(Math.min(1, state.scale * STEP_UP), smoothed);
  return { scale: state.scale, frameMs: smoothed, slowFrames, fastFrames };
}

function changed(scale: number, frameMs: number): ResolutionState {
  return { scale, frameMs, slowFrames: 0, fastFrames: 0 };
}

/** The resolution of a picture at rest: full, unless that would take long on this machine. */
export function restScale(state: ResolutionState): number {
  if (state.frameMs === 0 || state.scale >= 1) return 1;
  const fullMs = state.frameMs / state.scale ** 2;
  return fullMs <= LONGEST_STILL_MS ? 1 : Math.max(state.scale, Math.min(1, Math.sqrt(LONGEST_STILL_MS / state.frameMs) * state.scale));
}
