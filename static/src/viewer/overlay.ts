/** Overlay: which marks lie over the picture, and where, as seen through the lens of this frame. */
import { brackets, type Lens, pathThrough, pointOn } from './engine/marks';
import { type CameraPath, curveOf } from './engine/path';
import { distanceBetween, minus, plus, type Triple } from './engine/pose';
import type { Measure } from './choice.svelte';
import type { Visit } from './visit.svelte';
import { lengthWords } from './words';

type Place = { x: number; y: number };

/** Brackets round the chosen thing, or the one under the pointer. */
export function boxMark(lens: Lens, visit: Visit): string {
  const thing = visit.choice.selected ?? visit.choice.hovered?.thing;
  return thing && !visit.choice.isHidden(thing.id) ? brackets(lens, visit.choice.boxOf(thing)) : '';
}

export function measureMarks(lens: Lens, measures: readonly Measure[]): { d: string; ends: Place[]; label: Place | null; words: string }[] {
  return measures.map(({ from, to }) => {
    const ends = [from, to].flatMap((point) => (point ? (pointOn(lens, point) ?? []) : []));
    if (!to) return { d: '', ends, label: null, words: '' };
    const middle = plus(from, minus(to, from), 0.5);
    return { d: pathThrough(lens, [from, to]), ends, label: pointOn(lens, middle), words: lengthWords(distanceBetween(from, to)) };
  });
}

const AXES: readonly { axis: 'x' | 'y' | 'z'; end: Triple }[] = [
  { axis: 'x', end: [2, 0, 0] },
  { axis: 'y', end: [0, 2, 0] },
  { axis: 'z', end: [0, 0, 2] },
];

/** Two metres along each axis from the origin, which is the floor under the start. */
export function axisMarks(lens: Lens): { axis: 'x' | 'y' | 'z'; d: string; end: Place | null }[] {
  return AXES.map(({ axis, end }) => ({ axis, d: pathThrough(lens, [[0, 0, 0], end]), end: pointOn(lens, end) }));
}

const STEPS_A_KEYFRAME = 16;

export function pathMarks(lens: Lens, path: CameraPath): { d: string; stops: { number: number; at: Place }[] } | null {
  if (!path.keyframes.length) return null;
  const curve = curveOf(path);
  const steps = path.keyframes.length * STEPS_A_KEYFRAME;
  const points = Array.from({ length: steps + 1 }, (_, k) => curve.at((curve.durationS * k) / steps).position);
  const stops = path.keyframes.flatMap(({ position }, k) => {
    const at = pointOn(lens, position);
    return at ? [{ number: k + 1, at }] : [];
  });
  return { d: pathThrough(lens, points), stops };
}
