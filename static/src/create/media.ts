/** Media: what dropped files are, told by their first bytes, what they are together, and whether the service makes a world of that. */
import type { Recipe } from '../api/types';

/** The fields of a wish that files go into. */
export type Input = 'pictures' | 'panorama' | 'distance' | 'video';
/** What a wish is made of, in the service's own words. */
export type Kind = 'photograph' | 'pictures' | 'video' | 'panorama' | 'measured panorama';
/** What a file is. A sphere is a picture whose shape says that it may be a panorama. */
export type Sort = 'picture' | 'sphere' | 'distances' | 'video';

export const MOST_PICTURES = 60;

interface Signature {
  sort: Exclude<Sort, 'sphere'>;
  is: (bytes: Uint8Array) => boolean;
}

const text = (bytes: Uint8Array, from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));

const SIGNATURES: readonly Signature[] = [
  { sort: 'picture', is: (bytes) => text(bytes, 1, 4) === 'PNG' },
  { sort: 'picture', is: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff },
  { sort: 'picture', is: (bytes) => text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 12) === 'WEBP' },
  { sort: 'distances', is: (bytes) => bytes[0] === 0x76 && bytes[1] === 0x2f && bytes[2] === 0x31 && bytes[3] === 0x01 },
  { sort: 'video', is: (bytes) => text(bytes, 4, 8) === 'ftyp' && !/^(avif|avis|heic|heix|mif1)/.test(text(bytes, 8, 12)) },
  { sort: 'video', is: (bytes) => bytes[0] === 0x1a && bytes[1] === 0x45 && bytes[2] === 0xdf && bytes[3] === 0xa3 },
];

/** What a file is by its first bytes, or null for what is nothing of it. */
export async function sortOf(file: Blob): Promise<Signature['sort'] | null> {
  const bytes = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  return SIGNATURES.find((signature) => signature.is(bytes))?.sort ?? null;
}

/** Why a file cannot be taken, with the cure; null when it can. */
export function refusalOf(file: { name: string; size: number }, sort: Sort | null): string | null {
  if (file.size === 0) return `“${file.name}” is empty: choose another file.`;
  if (sort === null) return `“${file.name}” is no picture or video that can be read here: use PNG, JPEG, WebP, MP4, MOV or WebM.`;
  return null;
}

/** Whether a picture of these proportions may be a panorama: those are exactly twice as wide as high. */
export function isSphere({ width, height }: { width: number; height: number }): boolean {
  return height > 0 && Math.abs(width / height - 2) < 0.01;
}

interface Part {
  sort: Sort;
  azimuth?: number | null;
}

/** What files are together. A single sphere is a panorama where some recipe takes one, or where its distances are there; else a photograph. */
export function togetherOf(parts: readonly Part[], recipes: readonly Recipe[]): Kind | null {
  const [first] = parts;
  if (!first) return null;
  if (first.sort === 'video') return 'video';
  const pictures = parts.filter((part) => part.sort === 'picture' || part.sort === 'sphere');
  const isMeasured = pictures.length < parts.length;
  if (pictures.length === 1 && pictures[0]!.sort === 'sphere') {
    if (isMeasured) return 'measured panorama';
    if (isTaken('panorama', recipes) || !isTaken('photograph', recipes)) return 'panorama';
  }
  if (isMeasured) return 'measured panorama';
  return pictures.length === 1 || pictures.every((part) => part.azimuth != null) ? 'photograph' : 'pictures';
}

/** The field that a file goes into. */
export function inputOf(part: Part, together: Kind): Input {
  if (part.sort === 'video') return 'video';
  if (part.sort === 'distances') return 'distance';
  return together === 'panorama' || together === 'measured panorama' ? 'panorama' : 'pictures';
}

/** Why files that are there do not belong to each other; null when they do. */
export function clashOf(parts: readonly Part[]): string | null {
  const count = (...sorts: Sort[]) => parts.filter((part) => sorts.includes(part.sort)).length;
  const [pictures, distances, videos] = [count('picture', 'sphere'), count('distances'), count('video')];
  if (videos && parts.length > 1) return 'A video goes alone: leave out the other files, or the video.';
  if (pictures > MOST_PICTURES) return `${pictures} pictures are too many: at most ${MOST_PICTURES} make a world.`;
  if (distances > 1) return 'A panorama has one file of distances: leave out the other.';
  if (distances && !count('sphere')) return 'An EXR holds the distances of a panorama: add that, a picture twice as wide as high.';
  if (distances && pictures > 1) return 'Distances belong to one panorama: leave out the other pictures.';
  return null;
}

const MISSING: Record<Kind, string> = {
  photograph: 'One photograph alone does not become a world on this server: add more of the place, taken from other points.',
  pictures: 'Several pictures do not become a world on this server: describe the place in words.',
  video: 'A video does not become a world on this server: describe the place in words.',
  panorama: 'A panorama alone does not become a world on this server: add its distances, an EXR with metres along the ray.',
  'measured panorama': 'A panorama with distances does not become a world on this server: describe the place in words.',
};

/** Why no world can be made of these files yet, with the cure; empty when one can. */
export function lackOf(parts: readonly Part[], recipes: readonly Recipe[]): string {
  const together = togetherOf(parts, recipes);
  return together === null ? '' : (clashOf(parts) ?? (isTaken(together, recipes) ? '' : MISSING[together]));
}

function takers(kind: Kind, recipes: readonly Recipe[]): Recipe[] {
  return recipes.filter((recipe) => recipe.kinds[kind] && !recipe.lacks[kind]);
}

function isTaken(kind: Kind, recipes: readonly Recipe[]): boolean {
  return takers(kind, recipes).length > 0;
}

/** What some recipe of the service makes worlds from, besides words. */
export function takenBy(recipes: readonly Recipe[]): Kind[] {
  return (Object.keys(MISSING) as Kind[]).filter((kind) => isTaken(kind, recipes));
}

/** The tier that makes worlds of such a kind: null where the one that is taken without a word does. */
export function tierFor(kind: Kind, recipes: readonly Recipe[]): string | null {
  const able = takers(kind, recipes);
  return able.some((recipe) => recipe.default_for.includes(kind)) ? null : (able.at(-1)?.tier ?? null);
}

/** Why nothing can be dropped, or what can. */
export function takesWords(recipes: readonly Recipe[]): string {
  const taken = new Set(takenBy(recipes));
  const words = [
    taken.has('photograph') ? 'pictures' : taken.has('pictures') ? 'several pictures of a place' : '',
    taken.has('panorama') ? 'panoramas' : taken.has('measured panorama') ? 'panoramas with distances' : '',
    taken.has('video') ? 'video' : '',
  ].filter(Boolean);
  if (words.length) return `${joined(words)} can be dropped anywhere on this page.`.replace(/^./, (first) => first.toUpperCase());
  return 'Pictures, panoramas and video: not yet available on this server, whose recipe makes worlds from words.';
}

function joined(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
