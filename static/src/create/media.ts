/** Media: what a dropped file is, told by its first bytes, and whether the service makes a world of it. */
import type { Recipe } from '../api/types';

export type Input = 'pictures' | 'panorama' | 'video';

interface Sort {
  name: string;
  kind: 'image' | 'video';
  is: (bytes: Uint8Array) => boolean;
}

const text = (bytes: Uint8Array, from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));

const SORTS: readonly Sort[] = [
  { name: 'PNG', kind: 'image', is: (bytes) => text(bytes, 1, 4) === 'PNG' },
  { name: 'JPEG', kind: 'image', is: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff },
  { name: 'WebP', kind: 'image', is: (bytes) => text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 12) === 'WEBP' },
  {
    name: 'MP4 or MOV',
    kind: 'video',
    is: (bytes) => text(bytes, 4, 8) === 'ftyp' && !/^(avif|avis|heic|heix|mif1)/.test(text(bytes, 8, 12)),
  },
  { name: 'WebM', kind: 'video', is: (bytes) => bytes[0] === 0x1a && bytes[1] === 0x45 && bytes[2] === 0xdf && bytes[3] === 0xa3 },
];

/** image, video, or null for what is neither. */
export async function kindOf(file: Blob): Promise<'image' | 'video' | null> {
  const bytes = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  return SORTS.find((sort) => sort.is(bytes))?.kind ?? null;
}

/** Why a file cannot be taken, with the cure; null when it can. */
export function refusalOf(file: { name: string; size: number }, kind: 'image' | 'video' | null): string | null {
  if (file.size === 0) return `“${file.name}” is empty: choose another file.`;
  if (kind === null) return `“${file.name}” is no picture or video that can be read here: use PNG, JPEG, WebP, MP4, MOV or WebM.`;
  return null;
}

/** What a picture of these proportions most likely is: panoramas are exactly twice as wide as high. */
export function inputOf(kind: 'image' | 'video', { width, height }: { width: number; height: number }): Input {
  if (kind === 'video') return 'video';
  return height > 0 && Math.abs(width / height - 2) < 0.01 ? 'panorama' : 'pictures';
}

const NAMES: Record<Input, string> = { pictures: 'pictures', panorama: 'panoramas', video: 'video' };

/** Which inputs besides words some recipe of the service takes. */
export function takenBy(recipes: readonly Recipe[]): Input[] {
  return (Object.keys(NAMES) as Input[]).filter((input) => recipes.some((recipe) => recipe.takes.includes(input)));
}

/** The tier that makes worlds of such an input: null where the one that is taken without a word does. */
export function tierFor(input: Input, recipes: readonly Recipe[]): string | null {
  const able = recipes.filter((recipe) => recipe.takes.includes(input));
  return able.some((recipe) => recipe.default) ? null : (able.at(-1)?.tier ?? null);
}

/** Why nothing can be dropped, or what can. */
export function takesWords(recipes: readonly Recipe[]): string {
  const taken = takenBy(recipes);
  if (taken.length)
    return `${joined(taken.map((input) => NAMES[input]))} can be dropped anywhere on this page.`.replace(/^./, (first) =>
      first.toUpperCase(),
    );
  return 'Pictures, panoramas and video: not yet available on this server, whose recipe makes worlds from words.';
}

function joined(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
