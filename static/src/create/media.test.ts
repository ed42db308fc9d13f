/** Tests of dropped files: told by what they are, not by what they are called. */
import { describe, expect, it } from 'vitest';

import type { Recipe } from '../api/types';
import { inputOf, kindOf, refusalOf, takenBy, takesWords, tierFor } from './media';

const bytes = (...parts: (string | number[])[]) =>
  new Blob(parts.map((part) => (typeof part === 'string' ? part : new Uint8Array(part))) as BlobPart[]);

describe('kindOf', () => {
  it.each([
    ['PNG', bytes([0x89], 'PNG\r\n', [0x1a, 0x0a]), 'image'],
    ['JPEG', bytes([0xff, 0xd8, 0xff, 0xe0]), 'image'],
    ['WebP', bytes('RIFF', [1, 2, 3, 4], 'WEBPVP8 '), 'image'],
    ['a wave file', bytes('RIFF', [1, 2, 3, 4], 'WAVEfmt '), null],
    ['MP4', bytes([0, 0, 0, 24], 'ftypisom'), 'video'],
    ['MOV', bytes([0, 0, 0, 20], 'ftypqt  '), 'video'],
    ['HEIC', bytes([0, 0, 0, 24], 'ftypheic'), null],
    ['WebM', bytes([0x1a, 0x45, 0xdf, 0xa3]), 'video'],
    ['text', bytes('a pine forest'), null],
    ['nothing', bytes(), null],
  ])('%s', async (_, file, kind) => expect(await kindOf(file)).toBe(kind));
});

it('says what is wrong, and the cure', () => {
  expect(refusalOf({ name: 'notes.txt', size: 12 }, null)).toMatch(/“notes.txt”.*PNG, JPEG, WebP, MP4, MOV or WebM/);
  expect(refusalOf({ name: 'a.png', size: 0 }, null)).toMatch(/empty/);
  expect(refusalOf({ name: 'a.png', size: 12 }, 'image')).toBeNull();
});

it('knows panoramas by their proportions', () => {
  expect(inputOf('image', { width: 2560, height: 1280 })).toBe('panorama');
  expect(inputOf('image', { width: 1920, height: 1080 })).toBe('pictures');
  expect(inputOf('image', { width: 0, height: 0 })).toBe('pictures');
  expect(inputOf('video', { width: 2, height: 1 })).toBe('video');
});

it('says what the service takes', () => {
  const recipe = (...takes: string[]) => ({ takes }) as unknown as Recipe;
  expect(takenBy([recipe('text')])).toEqual([]);
  expect(takesWords([recipe('text')])).toMatch(/not yet available on this server/);
  expect(takenBy([recipe('text'), recipe('text', 'pictures', 'video')])).toEqual(['pictures', 'video']);
  expect(takesWords([recipe('pictures', 'video')])).toBe('Pictures and video can be dropped anywhere on this page.');
});

it('chooses a tier that takes the input', () => {
  const recipes = [
    { tier: 'nano', takes: ['text'], default: true },
    { tier: 'super', takes: ['text', 'pictures'], default: false },
  ] as unknown as Recipe[];
  expect(tierFor('pictures', recipes)).toBe('super');
  expect(tierFor('video', recipes)).toBeNull();
  expect(tierFor('pictures', [{ ...recipes[1]!, default: true }])).toBeNull();
});
