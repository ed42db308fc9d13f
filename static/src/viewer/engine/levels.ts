/** Levels of detail: which files of splats a device loads, the small one first. */

export interface Device {
  /** Draws without a graphics card. */
  software: boolean;
  kind: 'desktop' | 'phone' | 'headset';
  /** As the browser tells it, at most 8; null where it does not. */
  memoryGb: number | null;
  /** The person asked to be spared large downloads. */
  savesData: boolean;
}

/** What the person wishes: what suits the device, little, or everything. */
export type Detail = 'auto' | 'light' | 'full';

export interface Level {
  file: string;
  bytes: number;
  splats: number;
  /** The splats' things, one number each, beside them; null in worlds that were made without. */
  thingsFile: string | null;
}

interface File {
  bytes: number;
}

const NAMED = [
  ['splats-100k.spz', 100_000],
  ['splats-150k.spz', 150_000],
  ['splats-500k.spz', 500_000],
] as const;
const BUDGETS = { software: 160_000, headset: 160_000, phone: 520_000, desktop: 2_600_000, ample: 4_000_000 };

/** The levels that a world has, the smallest first. */
export function levelsOf(files: Readonly<Record<string, File>>, splatCount: number): Level[] {
  const named = NAMED.filter(([file]) => files[file]).map(([file, splats]) => levelOf(files, file, Math.min(splats, splatCount)));
  return files['splats.spz'] ? [...named, levelOf(files, 'splats.spz', splatCount)] : named;
}

function levelOf(files: Readonly<Record<string, File>>, file: string, splats: number): Level {
  const thingsFile = file.replace(/\.spz$/, '.things.gz');
  return { file, bytes: files[file]!.bytes, splats, thingsFile: files[thingsFile] ? thingsFile : null };
}

/** How many splats a device can move fluidly. */
export function splatBudget(device: Device): number {
  if (device.software) return BUDGETS.software;
  if (device.kind === 'headset') return BUDGETS.headset;
  if (device.kind === 'phone') return (device.memoryGb ?? 4) < 4 ? BUDGETS.headset : BUDGETS.phone;
  return (device.memoryGb ?? 8) >= 8 ? BUDGETS.ample : BUDGETS.desktop;
}

/** The levels to load, one after the other: the smallest for a first picture, then the best that suits. */
export function plan(levels: readonly Level[], device: Device, wish: Detail): Level[] {
  const [first] = levels;
  if (!first) return [];
  const budget = wish === 'full' ? Infinity : wish === 'light' || device.savesData ? 0 : splatBudget(device);
  const best = levels.filter((level) => level.splats <= budget).at(-1) ?? first;
  return best === first ? [first] : [first, best];
}
