/** What keys, sticks and pads mean. */
import { describe, expect, it } from 'vitest';

import { isStill, keyIntent, movesCamera, nextSpeed, padIntent, stickShare, STILL, together } from './controls';

describe('keys', () => {
  it('walk', () => {
    expect(keyIntent(new Set(['KeyW']))).toEqual({ ...STILL, ahead: 1 });
    expect(keyIntent(new Set(['ArrowLeft', 'ShiftLeft']))).toEqual({ ...STILL, turn: 1, fast: true });
  });
  it('cancel each other out', () => expect(isStill(keyIntent(new Set(['KeyA', 'KeyD'])))).toBe(true));
  it('are no faster across', () => {
    const { ahead, right } = keyIntent(new Set(['KeyW', 'KeyD']));
    expect(Math.hypot(ahead, right)).toBeCloseTo(1, 9);
  });
  it('of two rows count once', () => expect(keyIntent(new Set(['KeyW', 'ArrowUp'])).ahead).toBe(1));
  it('are taken by the canvas when they mean something', () => {
    const codes = ['KeyW', 'KeyX', 'Tab', 'Space', 'PageUp', 'ShiftLeft', 'ShiftRight', 'ControlLeft'];
    for (const code of codes) expect([code, movesCamera(code)]).toEqual([code, JSON.stringify(keyIntent(new Set([code]))) !== JSON.stringify(STILL)]);
  });
  it('that mean nothing do nothing', () => expect(keyIntent(new Set(['KeyX', 'Tab']))).toEqual(STILL));
});

describe('a pad', () => {
  it('rests although its sticks are a little off', () => expect(isStill(padIntent([0.1, -0.12, 0.02, 0.15], []))).toBe(true));
  it('walks ahead when the left stick is pushed away', () => expect(padIntent([0, -1, 0, 0], []).ahead).toBe(1));
  it('looks right and up with the right stick', () => {
    const { turn, pitch } = padIntent([0, 0, 1, -1], []);
    expect([turn, pitch]).toEqual([-1, 1]);
  });
  it('jumps', () => expect(padIntent([], [true]).jump).toBe(true));
});

describe('sticks', () => {
  it('begin softly and end at full', () => {
    expect(stickShare(0.16)).toBe(0);
    expect(stickShare(0.5)).toBeLessThan(0.5);
    expect(stickShare(-1)).toBe(-1);
  });
});

it('hands together stay within full speed', () => {
  const both = together({ ...STILL, ahead: 1 }, { ...STILL, ahead: 0.6, right: -0.8 });
  expect(Math.hypot(both.ahead, both.right)).toBeCloseTo(1, 9);
});

it('speeds step and stay within their ends', () => {
  expect([nextSpeed(1, 1), nextSpeed(1, -1), nextSpeed(8, 1), nextSpeed(0.25, -1)]).toEqual([2, 0.5, 8, 0.25]);
});
