/** 360° pictures: each direction is taken from the face that looks there. */
import { describe, expect, it } from 'vitest';

import { directionAt, FACES, faceOf, type Face, fillRows } from './panorama';
import { forwardOf, type Triple } from './pose';

/** Through the pinhole of a face, worked out with its own axes: right, up, forward. */
function projected(face: number, direction: Triple): [number, number] {
  const { yawRad, pitchRad } = FACES[face]!;
  const dot = (a: Triple, b: Triple) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const forward = forwardOf({ yawRad, pitchRad });
  const right: Triple = [Math.cos(yawRad), 0, -Math.sin(yawRad)];
  const up = forwardOf({ yawRad, pitchRad: pitchRad + Math.PI / 2 });
  const depth = dot(direction, forward);
  return [dot(direction, right) / depth / 2 + 0.5, 0.5 - dot(direction, up) / depth / 2];
}

it('every direction lies where its face’s own camera sees it', () => {
  for (let row = 0; row < 20; row += 1) {
    for (let column = 0; column < 40; column += 1) {
      const direction = directionAt((column + 0.37) / 40, (row + 0.43) / 20);
      const { face, across, down } = faceOf(direction);
      const [x, y] = projected(face, direction);
      expect(across).toBeCloseTo(x, 6);
      expect(down).toBeCloseTo(y, 6);
      expect(Math.min(across, down)).toBeGreaterThanOrEqual(0);
      expect(Math.max(across, down)).toBeLessThanOrEqual(1);
    }
  }
});

describe('the whole picture', () => {
  it('has ahead in its middle, left at a quarter, up at the top', () => {
    const faces: Face[] = FACES.map((_, k) => ({ side: 4, data: new Uint8ClampedArray(64).fill(40 * k + 20) }));
    const whole = new Uint8ClampedArray(32 * 16 * 4);
    fillRows(faces, whole, 32, 0, 16);
    const pixel = (column: number, row: number) => Math.round((whole[4 * (row * 32 + column)]! - 20) / 40);
    expect([pixel(16, 8), pixel(8, 8), pixel(0, 8), pixel(24, 8), pixel(5, 0), pixel(20, 15)]).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
