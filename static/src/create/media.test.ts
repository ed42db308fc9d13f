/** Tests of dropped files: told by what they are, not by what they are called. */
import { describe, expect, it } from 'vitest';

import type { Recipe } from '../api/types';
import { clashOf, inputOf, isSphere, lackOf, refusalOf, sortOf, takenBy, takesWords, tierFor, togetherOf, type Kind, type Sort } from './media';

const bytes = (...parts: (string | number[])[]) =>
  new Blob(parts.map((part) => (typeof part === 'string' ? part : new Uint8Array(part))) as BlobPart[]);

describe('sortOf', () => {
  it.each([
    ['PNG', bytes([0x89], 'PNG\r\n', [0x1a, 0x0a]), 'picture'],
    ['JPEG', bytes([0xff, 0xd8, 0xff, 0xe0]), 'picture'],
    ['WebP', bytes('RIFF', [1, 2, 3, 4], 'WEBPVP8 '), 'picture'],
    ['a wave file', bytes('RIFF', [1, 2, 3, 4], 'WAVEfmt '), null],
    ['MP4', bytes([0, 0, 0, 24], 'ftypisom'), 'video'],
    ['MOV', bytes([0, 0, 0, 20], 'ftypqt  '), 'video'],
    ['HEIC', bytes([0, 0, 0, 24], 'ftypheic'), null],
    ['WebM', bytes([0x1a, 0x45, 0xdf, 0xa3]), 'video'],
    ['EXR', bytes([0x76, 0x2f, 0x31, 0x01]), 'distances'],
    ['text', bytes('a pine forest'), null],
    ['nothing', bytes(), null],
  ])('%s', async (_, file, sort) => expect(await sortOf(file)).toBe(sort));
});

it('says what is wrong, and the cure', () => {
  expect(refusalOf({ name: 'notes.txt', size: 12 }, null)).toMatch(/“notes.txt”.*PNG, JPEG, WebP, MP4, MOV or WebM/);
  expect(refusalOf({ name: 'a.png', size: 0 }, null)).toMatch(/empty/);
  expect(refusalOf({ name: 'a.png', size: 12 }, 'picture')).toBeNull();
});

it('knows panoramas by their proportions', () => {
  expect(isSphere({ width: 2560, height: 1280 })).toBe(true);
  expect(isSphere({ width: 1920, height: 1080 })).toBe(false);
  expect(isSphere({ width: 0, height: 0 })).toBe(false);
});

const recipe = (tier: string, kinds: string[], more: Partial<Recipe> = {}) =>
  ({ tier, kinds: Object.fromEntries(kinds.map((kind) => [kind, ['look']])), lacks: {}, default_for: [], ...more }) as unknown as Recipe;
const BARE = [recipe('nano', ['text', 'pictures', 'video', 'measured panorama'], { default_for: ['text', 'pictures', 'video', 'measured panorama'] })];
const LARGE = [...BARE, recipe('super', ['text', 'photograph', 'pictures', 'panorama'], { default_for: ['photograph', 'panorama'] })];
const parts = (...sorts: Sort[]) => sorts.map((sort) => ({ sort }));

describe('files together', () => {
  it.each<[Sort[], readonly Recipe[], Kind]>([
    [['picture'], BARE, 'photograph'],
    [['picture', 'picture'], BARE, 'pictures'],
    [['sphere'], BARE, 'panorama'],
    [['sphere'], LARGE, 'panorama'],
    [['sphere'], [recipe('odd', ['photograph'])], 'photograph'],
    [['sphere', 'picture'], LARGE, 'pictures'],
    [['sphere', 'distances'], BARE, 'measured panorama'],
    [['distances', 'sphere'], BARE, 'measured panorama'],
    [['video'], BARE, 'video'],
  ])('%s', (sorts, recipes, kind) => expect(togetherOf(parts(...sorts), recipes)).toBe(kind));

  it('are a photograph in a circle when all know their directions', () => {
    expect(togetherOf([{ sort: 'picture', azimuth: 0 }, { sort: 'picture', azimuth: 90 }], BARE)).toBe('photograph');
    expect(togetherOf([{ sort: 'picture', azimuth: 0 }, { sort: 'picture', azimuth: null }], BARE)).toBe('pictures');
    expect(togetherOf([], BARE)).toBeNull();
  });

  it('go into the fields of a wish', () => {
    expect(inputOf({ sort: 'sphere' }, 'panorama')).toBe('panorama');
    expect(inputOf({ sort: 'sphere' }, 'pictures')).toBe('pictures');
    expect(inputOf({ sort: 'distances' }, 'measured panorama')).toBe('distance');
    expect(inputOf({ sort: 'video' }, 'video')).toBe('video');
  });

  it('say what does not belong together', () => {
    expect(clashOf(parts('video', 'picture'))).toMatch(/alone/);
    expect(clashOf(parts('video', 'video'))).toMatch(/alone/);
    expect(clashOf(parts('distances'))).toMatch(/add that/);
    expect(clashOf(parts('distances', 'picture'))).toMatch(/add that/);
    expect(clashOf(parts('distances', 'sphere', 'picture'))).toMatch(/one panorama/);
    expect(clashOf(parts('distances', 'distances', 'sphere'))).toMatch(/one file of distances/);
    expect(clashOf(Array<{ sort: Sort }>(61).fill({ sort: 'picture' }))).toMatch(/61 pictures are too many: at most 60/);
    expect(clashOf(parts('distances', 'sphere'))).toBeNull();
  });

  it('say what is missing, and the cure', () => {
    expect(lackOf(parts('picture'), BARE)).toMatch(/One photograph alone .* other points/);
    expect(lackOf(parts('picture', 'picture'), BARE)).toBe('');
    expect(lackOf(parts('sphere'), BARE)).toMatch(/add its distances/);
    expect(lackOf(parts('sphere'), LARGE)).toBe('');
    expect(lackOf(parts('distances'), LARGE)).toMatch(/add that/);
    expect(lackOf([], [])).toBe('');
    expect(lackOf(parts('picture'), [recipe('super', ['photograph'], { lacks: { photograph: 'it needs a GPU' } })])).toMatch(/One photograph/);
  });
});

it('says what the service takes', () => {
  expect(takenBy([recipe('nano', ['text'])])).toEqual([]);
  expect(takesWords([recipe('nano', ['text'])])).toMatch(/not yet available on this server/);
  expect(takenBy(BARE)).toEqual(['pictures', 'video', 'measured panorama']);
  expect(takesWords(BARE)).toBe('Several pictures of a place, panoramas with distances and video can be dropped anywhere on this page.');
  expect(takesWords(LARGE)).toBe('Pictures, panoramas and video can be dropped anywhere on this page.');
  expect(takesWords([recipe('odd', ['photograph', 'video'])])).toBe('Pictures and video can be dropped anywhere on this page.');
});

it('chooses a tier that takes the files', () => {
  expect(tierFor('photograph', LARGE)).toBeNull();
  expect(tierFor('photograph', [...BARE, recipe('other', ['photograph'])])).toBe('other');
  expect(tierFor('panorama', BARE)).toBeNull();
});
