/** Marks lie where a pinhole sees them, and end before they pass behind the eye. */
import { describe, expect, it } from 'vitest';

import { brackets, type Lens, pathThrough, pointOn } from './marks';
import type { Triple } from './pose';

/** At the origin, looking along −z. */
const LENS: Lens = { seen: (point) => point, width: 200, height: 100, focalPx: 100 };

describe('points', () => {
  it('are where they are seen', () => expect(pointOn(LENS, [1, 0.5, -2])).toEqual({ x: 150, y: 25 }));
  it('behind the eye are nowhere', () => expect(pointOn(LENS, [0, 0, 1])).toBeNull());
});

describe('lines', () => {
  it('join points', () => {
    const points: Triple[] = [[0, 0, -1], [1, 0, -2], [1, 1, -2]];
    expect(pathThrough(LENS, points)).toBe('M100.0 50.0L150.0 50.0M150.0 50.0L150.0 0.0');
  });
  it('behind the eye are left out', () => expect(pathThrough(LENS, [[0, 0, 1], [3, 0, 2]])).toBe(''));
  it('that pass the eye are cut before it', () => {
    const [start, end] = pathThrough(LENS, [[0.05, 0, -1], [0.05, 0, 1]]).slice(1).split('L').map((pair) => pair.split(' ').map(Number));
    expect(start).toEqual([105, 50]);
    expect(end).toEqual([200, 50]);
  });
});

it('a box has three bracket arms at each corner', () => {
  expect(brackets(LENS, { min: [-1, -1, -4], max: [1, 1, -2] }).match(/M/g)).toHaveLength(24);
});
