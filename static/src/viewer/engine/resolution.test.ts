/** The resolution gives way when frames are slow, comes back when they are fast, and does not swing in between. */
import { describe, expect, it } from 'vitest';

import { afterFrame, FULL_RESOLUTION, LEAST_SCALE, restScale, type ResolutionState } from './resolution';

function after(frames: number, frameMs: (scale: number) => number, from: ResolutionState = FULL_RESOLUTION): ResolutionState {
  let state = from;
  for (let k = 0; k < frames; k += 1) state = afterFrame(state, frameMs(state.scale));
  return state;
}

describe('while moving', () => {
  it('stays full where frames are fast', () => expect(after(300, () => 16.7).scale).toBe(1));

  it('gives way until frames are fluid on a card that is slow by pixels', () => {
    const state = after(300, (scale) => 60 * scale ** 2);
    expect(state.frameMs).toBeLessThan(26);
    expect(state.scale).toBeLessThan(0.75);
  });

  it('gives way to a floor where pixels are not the cause', () => expect(after(600, () => 90).scale).toBe(LEAST_SCALE));

  it('gives way within few frames where they are very slow', () => expect(after(9, () => 500).scale).toBe(LEAST_SCALE));

  it('comes back', () => expect(after(2_000, () => 9, { ...FULL_RESOLUTION, scale: 0.4 }).scale).toBe(1));

  it('does not swing', () => {
    const settled = after(400, (scale) => 60 * scale ** 2);
    const scales = new Set<number>();
    let state = settled;
    for (let k = 0; k < 400; k += 1) {
      state = afterFrame(state, 60 * state.scale ** 2);
      scales.add(state.scale);
    }
    expect(scales.size).toBeLessThanOrEqual(2);
  });

  it('is not led astray by one slow frame', () => {
    const once = afterFrame(after(60, () => 16.7), 300);
    expect(after(30, () => 16.7, once).scale).toBe(1);
  });
});

describe('at rest', () => {
  it('is sharp', () => {
    expect(restScale(FULL_RESOLUTION)).toBe(1);
    expect(restScale({ ...FULL_RESOLUTION, scale: 0.6, frameMs: 30 })).toBe(1);
  });

  it('is not worth a hang', () => {
    const scale = restScale({ ...FULL_RESOLUTION, scale: 0.35, frameMs: 300 });
    expect(scale).toBeGreaterThan(0.35);
    expect(scale).toBeLessThan(0.5);
  });
});
