/** Exports: every file that the service makes of a world, what it is for, and what can be chosen with it. */
import type { ExportRequest } from '../api/types';

export type Format = ExportRequest['format'];
export type Axes = NonNullable<ExportRequest['axes']>;
export type Unit = NonNullable<ExportRequest['unit']>;
export type Level = NonNullable<ExportRequest['level']>;

export interface FormatFacts {
  format: Format;
  name: string;
  what: string;
  /** Comes in levels of detail. */
  levels: boolean;
  /** Axes and units can be chosen. */
  frame: boolean;
  /** The file of the world that it is, when nothing is chosen. */
  file: string | null;
}

export const FORMATS: readonly FormatFacts[] = [
  { format: 'spz', name: 'SPZ splats', what: 'Small; for the web, Unity and Omniverse', levels: true, frame: true, file: 'splats.spz' },
  { format: 'ply', name: 'PLY splats', what: 'Exact; what most splat tools read', levels: true, frame: true, file: 'splats.ply' },
  { format: 'sog', name: 'SOG splats', what: 'The smallest; for PlayCanvas and SuperSplat', levels: true, frame: true, file: null },
  { format: 'glb', name: 'glTF splats', what: 'KHR_gaussian_splatting; for Babylon and Cesium', levels: true, frame: true, file: null },
  {
    format: 'scene',
    name: 'Meshes',
    what: 'GLB with materials, a named part for each thing',
    levels: false,
    frame: true,
    file: 'scene.glb',
  },
  {
    format: 'collider',
    name: 'Collider',
    what: 'GLB of what one bumps into, for physics',
    levels: false,
    frame: true,
    file: 'collider.glb',
  },
  { format: 'package', name: 'Everything', what: 'All files of the world in one zip', levels: false, frame: false, file: null },
];

export const AXES: readonly { value: Axes | ''; name: string }[] = [
  { value: '', name: 'As its readers expect' },
  { value: 'y-up', name: 'Y up: three.js, Unity, glTF' },
  { value: 'z-up', name: 'Z up: Blender, Unreal, USD' },
  { value: 'rdf', name: 'Y down: COLMAP, OpenCV' },
];

export const UNITS: readonly { value: Unit; name: string }[] = [
  { value: 'm', name: 'Metres' },
  { value: 'cm', name: 'Centimetres' },
];

const LEVELS: readonly { value: Level; name: string; splats: number }[] = [
  { value: 'full_res', name: 'All splats', splats: Infinity },
  { value: '500k', name: '500,000 splats', splats: 500_000 },
  { value: '150k', name: '150,000 splats', splats: 150_000 },
  { value: '100k', name: '100,000 splats', splats: 100_000 },
];

export interface Choice {
  format: Format;
  axes: Axes | '';
  unit: Unit;
  level: Level;
}

export function factsOf(format: Format): FormatFacts {
  return FORMATS.find((one) => one.format === format)!;
}

/** The levels that hold fewer splats than the world has, and all of them. */
export function levelsFor(splatCount: number): typeof LEVELS {
  return LEVELS.filter((level) => level.value === 'full_res' || level.splats < splatCount);
}

/** What to ask the service for: nothing that the format does not come in. */
export function requestOf({ format, axes, unit, level }: Choice): ExportRequest {
  const { levels, frame } = factsOf(format);
  return { format, ...(frame && { axes: axes || null, unit }), ...(levels && { level }) };
}

/** The bytes of what is there already: the world's own file, where nothing else is chosen. */
export function knownBytes({ format, axes, unit, level }: Choice, files: Readonly<Record<string, { bytes: number }>>): number | null {
  const { file } = factsOf(format);
  if (!file || axes || unit !== 'm') return null;
  return files[level === 'full_res' ? file : file.replace('.', `-${level}.`)]?.bytes ?? null;
}
