/** Camera paths against the service's own numbers (made by tests/studio/camera_paths.py), and the editor's changes. */
import { describe, expect, it } from 'vitest';

import { appended, type CameraPath, curveOf, pathOf, type PathBody, retimed, without } from './path';
import numbers from './path.expected.json';
import { forwardOf, type Triple } from './pose';

interface Expected {
  name: string;
  path: PathBody;
  seconds: number;
  shots: { time: number; position: number[]; ahead: number[]; fov: number }[];
}

const expected = numbers as unknown as Expected[];

describe('the curve', () => {
  it.each(expected)('$name is the one that the service films', ({ path, seconds, shots }) => {
    const curve = curveOf(pathOf(path));
    expect(curve.durationS).toBeCloseTo(seconds, 9);
    for (const shot of shots) {
      const { position, fovRad, ...direction } = curve.at(shot.time);
      expect((fovRad * 180) / Math.PI).toBeCloseTo(shot.fov, 3);
      position.forEach((value, axis) => expect(value).toBeCloseTo(shot.position[axis]!, 3));
      forwardOf(direction).forEach((value, axis) => expect(value).toBeCloseTo(shot.ahead[axis]!, 3));
    }
  });

  it('stays within its ends', () => {
    const curve = curveOf(pathOf(expected[0]!.path));
    expect(curve.at(-5)).toEqual(curve.at(0));
    expect(curve.at(99)).toEqual(curve.at(curve.durationS));
  });
});

const EMPTY: CameraPath = { keyframes: [], loop: false };
const at = (position: Triple, yawDeg: number) => ({ position, yawRad: (yawDeg * Math.PI) / 180, pitchRad: 0 });

describe('the editor', () => {
  const three = [170, -170, 190].reduce((path, yaw, k) => appended(path, at([k, 1.65, 0], yaw), 75, 3), EMPTY);

  it('adds after the last, turning the short way', () => {
    expect(three.keyframes.map((frame) => frame.time)).toEqual([0, 3, 6]);
    expect(three.keyframes.map((frame) => frame.yaw)).toEqual([170, 190, 190]);
  });

  it('orders by time and begins at nought', () => {
    const moved = retimed(three, 0, 4.5);
    expect(moved.keyframes.map((frame) => [frame.time, frame.position[0]])).toEqual([
      [0, 1],
      [1.5, 0],
      [3, 2],
    ]);
  });

  it('never has two keyframes at one moment', () => {
    const times = retimed(three, 2, 3).keyframes.map((frame) => frame.time);
    expect(new Set(times).size).toBe(3);
    expect(times[2]! - times[1]!).toBeGreaterThan(0.04);
  });

  it('begins at nought when the first is taken out', () => {
    expect(without(three, 0).keyframes.map((frame) => frame.time)).toEqual([0, 3]);
    expect(without(without(without(three, 0), 0), 0).keyframes).toEqual([]);
  });
});
