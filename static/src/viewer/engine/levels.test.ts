/** Which files of splats a device loads. */
import { describe, expect, it } from 'vitest';

import { type Device, levelsOf, plan } from './levels';

const FILES = {
  'splats-100k.spz': { bytes: 1_300_000 },
  'splats-150k.spz': { bytes: 1_900_000 },
  'splats-500k.spz': { bytes: 6_300_000 },
  'splats.spz': { bytes: 12_700_000 },
  'splats.things.gz': { bytes: 90_000 },
  'splats-100k.things.gz': { bytes: 9_000 },
  'collider.glb': { bytes: 2 },
};
const DESKTOP: Device = { software: false, kind: 'desktop', memoryGb: 8, savesData: false };
const names = (device: Partial<Device>, wish: 'auto' | 'light' | 'full' = 'auto', count = 1_000_000) =>
  plan(levelsOf(FILES, count), { ...DESKTOP, ...device }, wish).map((level) => level.file);

describe('levels', () => {
  it('are found with their things, the smallest first', () => {
    expect(levelsOf(FILES, 990_000)).toEqual([
      { file: 'splats-100k.spz', bytes: 1_300_000, splats: 100_000, thingsFile: 'splats-100k.things.gz' },
      { file: 'splats-150k.spz', bytes: 1_900_000, splats: 150_000, thingsFile: null },
      { file: 'splats-500k.spz', bytes: 6_300_000, splats: 500_000, thingsFile: null },
      { file: 'splats.spz', bytes: 12_700_000, splats: 990_000, thingsFile: 'splats.things.gz' },
    ]);
  });

  it('of a small world are one', () => {
    expect(levelsOf({ 'splats.spz': { bytes: 9 } }, 20_000).map((level) => level.file)).toEqual(['splats.spz']);
    expect(levelsOf({}, 0)).toEqual([]);
  });
});

describe('the plan', () => {
  it('begins small and goes to full on a desktop', () => expect(names({})).toEqual(['splats-100k.spz', 'splats.spz']));
  it('spares phones and headsets', () => {
    expect(names({ kind: 'phone', memoryGb: 6 })).toEqual(['splats-100k.spz', 'splats-500k.spz']);
    expect(names({ kind: 'phone', memoryGb: 2 })).toEqual(['splats-100k.spz', 'splats-150k.spz']);
    expect(names({ kind: 'headset' })).toEqual(['splats-100k.spz', 'splats-150k.spz']);
  });
  it('spares a machine without a graphics card', () => expect(names({ software: true })).toEqual(['splats-100k.spz', 'splats-150k.spz']));
  it('heeds who saves data, unless everything is wished for', () => {
    expect(names({ savesData: true })).toEqual(['splats-100k.spz']);
    expect(names({ savesData: true }, 'full')).toEqual(['splats-100k.spz', 'splats.spz']);
  });
  it('heeds the wish', () => {
    expect(names({}, 'light')).toEqual(['splats-100k.spz']);
    expect(names({ software: true }, 'full')).toEqual(['splats-100k.spz', 'splats.spz']);
  });
  it('does not give four million to a small desktop', () =>
    expect(names({ memoryGb: 4 }, 'auto', 4_000_000)).toEqual(['splats-100k.spz', 'splats-500k.spz']));
});
