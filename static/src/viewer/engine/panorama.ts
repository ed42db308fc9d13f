/** 360° pictures: six square pictures laid out as one that holds all directions (equirectangular), its middle straight ahead. */
import { type Triple } from './pose';

/** Where each square picture looks: yaw and pitch from straight ahead. */
export const FACES: readonly { yawRad: number; pitchRad: number }[] = [
  { yawRad: 0, pitchRad: 0 },
  { yawRad: Math.PI / 2, pitchRad: 0 },
  { yawRad: Math.PI, pitchRad: 0 },
  { yawRad: -Math.PI / 2, pitchRad: 0 },
  { yawRad: 0, pitchRad: Math.PI / 2 },
  { yawRad: 0, pitchRad: -Math.PI / 2 },
];

/** The direction of a pixel's centre, straight ahead being −z, in shares of width and height from the upper left. */
export function directionAt(across: number, down: number): Triple {
  const [longitude, latitude] = [(across - 0.5) * 2 * Math.PI, (0.5 - down) * Math.PI];
  return [Math.sin(longitude) * Math.cos(latitude), Math.sin(latitude), -Math.cos(longitude) * Math.cos(latitude)];
}

/** Which face a direction meets, and where on it: shares from the upper left. */
export function faceOf([x, y, z]: Triple): { face: number; across: number; down: number } {
  const [wide, high, deep] = [Math.abs(x), Math.abs(y), Math.abs(z)];
  if (high >= wide && high >= deep) {
    // Looking up, the top of the picture is what was behind; looking down, what was ahead.
    const away = y > 0 ? z : -z;
    return { face: y > 0 ? 4 : 5, across: half(x / high), down: half(-away / high) };
  }
  if (deep >= wide) return z < 0 ? at(0, x / deep, y / deep) : at(2, -x / deep, y / deep);
  return x < 0 ? at(1, -z / wide, y / wide) : at(3, z / wide, y / wide);
}

function at(face: number, right: number, up: number): { face: number; across: number; down: number } {
  return { face, across: half(right), down: half(-up) };
}

function half(value: number): number {
  return (value + 1) / 2;
}

/** One square picture, RGBA. */
export interface Face {
  data: Uint8ClampedArray;
  side: number;
}

/** The rows `from` to `to` of the whole, `width` × `width` / 2, into `into`. */
export function fillRows(faces: readonly Face[], into: Uint8ClampedArray, width: number, from: number, to: number): void {
  for (let row = from; row < to; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const { face, across, down } = faceOf(directionAt((column + 0.5) / width, (row + 0.5) / (width / 2)));
      sample(faces[face]!, across, down, into, 4 * (row * width + column));
    }
  }
}

/** Bilinear, staying within the face: the edge is the same picture on both sides. */
function sample({ data, side }: Face, across: number, down: number, into: Uint8ClampedArray, at: number): void {
  const x = Math.min(Math.max(across * side - 0.5, 0), side - 1);
  const y = Math.min(Math.max(down * side - 0.5, 0), side - 1);
  const [left, top] = [Math.min(Math.floor(x), side - 2), Math.min(Math.floor(y), side - 2)];
  const [right, low] = [x - left, y - top];
  const first = 4 * (top * side + left);
  for (let channel = 0; channel < 3; channel += 1) {
    const k = first + channel;
    const upper = data[k]! * (1 - right) + data[k + 4]! * right;
    const lower = data[k + 4 * side]! * (1 - right) + data[k + 4 * side + 4]! * right;
    into[at + channel] = upper * (1 - low) + lower * low;
  }
  into[at + 3] = 255;
}
