/** What is asked of the service for each choice of an export. */
import { describe, expect, it } from 'vitest';

import { type Choice, FORMATS, knownBytes, levelsFor, requestOf } from './exports';

const CHOICE: Choice = { format: 'ply', axes: 'z-up', unit: 'cm', level: '100k' };

describe('requests', () => {
  it('say all that was chosen', () => expect(requestOf(CHOICE)).toEqual({ format: 'ply', axes: 'z-up', unit: 'cm', level: '100k' }));
  it('leave the axes to the format', () => expect(requestOf({ ...CHOICE, axes: '' }).axes).toBeNull());
  it('of meshes have no level', () => {
    expect(requestOf({ ...CHOICE, format: 'scene' })).toEqual({ format: 'scene', axes: 'z-up', unit: 'cm' });
  });
  it('of everything have nothing else', () => expect(requestOf({ ...CHOICE, format: 'package' })).toEqual({ format: 'package' }));
});

it('only levels below the world are offered', () => {
  expect(levelsFor(19_831).map((level) => level.value)).toEqual(['full_res']);
  expect(levelsFor(400_000).map((level) => level.value)).toEqual(['full_res', '150k', '100k']);
});

it('sizes are known of what is there', () => {
  const files = { 'splats.ply': { bytes: 68 }, 'splats-100k.spz': { bytes: 15 } };
  expect(knownBytes({ ...CHOICE, axes: '', unit: 'm', level: 'full_res' }, files)).toBe(68);
  expect(knownBytes({ format: 'spz', axes: '', unit: 'm', level: '100k' }, files)).toBe(15);
  expect(knownBytes(CHOICE, files)).toBeNull();
  expect(knownBytes({ ...CHOICE, format: 'package', axes: '', unit: 'm' }, files)).toBeNull();
});

it('every format is there once', () => expect(new Set(FORMATS.map((one) => one.format)).size).toBe(7));
