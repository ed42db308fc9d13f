/** Tests of edits: they hold when the words change, and leave specs that the service takes. */
import { describe, expect, it } from 'vitest';

import type { SceneSpec, ThingSpec } from '../api/types';
import { edited, isEdited, NO_EDITS, thingWords, withChange, withoutThing, withSetting, withThings } from './spec';

function thing(name: string, more: Partial<ThingSpec> = {}): ThingSpec {
  return { name, kind: name, count: 1, colour: null, size: 'normal', arrangement: 'scattered', phrase: name, relations: [], parts: [], ...more };
}

function scene(...things: ThingSpec[]): SceneSpec {
  return {
    place: 'forest',
    time_of_day: 'dawn',
    weather: 'fog',
    season: 'summer',
    mood: [],
    style: null,
    view: 'eye level',
    parts: [],
    things,
    without: [],
    unmatched: [],
  };
}

/** The rules of pipelines/spec.py: names differ, and relations lead to other things of the spec. */
function isSound(spec: SceneSpec): boolean {
  const names = spec.things.map((one) => one.name);
  const known = new Set([...names, 'viewer']);
  return (
    known.size === names.length + 1 &&
    spec.things.every((one) => one.relations.every((relation) => relation.objects.every((name) => known.has(name) && name !== one.name)))
  );
}

const cabin = thing('log cabin', { relations: [{ relation: 'beside', objects: ['lake'] }] });
const read = scene(thing('pine', { count: 40 }), cabin, thing('lake'));

describe('edits', () => {
  it('change nothing when there are none', () => {
    expect(isEdited(NO_EDITS)).toBe(false);
    expect(edited(read, NO_EDITS)).toEqual(read);
  });

  it('hold when the words change', () => {
    let edits = withSetting(NO_EDITS, 'time_of_day', 'night');
    edits = withChange(edits, 'pine', { count: 3, colour: 'red' });
    const reread = scene(thing('pine', { count: 12 }), thing('hut'));
    expect(edited(reread, edits)).toMatchObject({ time_of_day: 'night', place: 'forest' });
    expect(edited(reread, edits).things[0]).toMatchObject({ count: 3, colour: 'red' });
    expect(edited(read, edits).things[0]).toMatchObject({ count: 3, colour: 'red' });
    expect(read.things[0]!.count).toBe(40);
  });

  it('take a thing out, with all that referred to it, and keep the place from bringing it back', () => {
    const spec = edited(read, withoutThing(NO_EDITS, 'lake'));
    expect(spec.things.map((one) => one.name)).toEqual(['pine', 'log cabin']);
    expect(spec.things[1]!.relations).toEqual([]);
    expect(spec.without).toEqual(['lake']);
    expect(isSound(spec)).toBe(true);
  });

  it('do not forbid a kind of which another thing is left', () => {
    const two = scene(thing('oak', { kind: 'tree' }), thing('old oak', { kind: 'tree' }));
    expect(edited(two, withoutThing(NO_EDITS, 'oak')).without).toEqual([]);
  });

  it('add things under free names, with their relations to each other', () => {
    const boat = thing('boat', { relations: [{ relation: 'beside', objects: ['lake'] }] });
    const edits = withThings(NO_EDITS, read, [boat, thing('lake')]);
    const spec = edited(read, edits);
    expect(spec.things.map((one) => one.name)).toEqual(['pine', 'log cabin', 'lake', 'boat', 'lake 2']);
    expect(spec.things[3]!.relations[0]!.objects).toEqual(['lake 2']);
    expect(isSound(spec)).toBe(true);
  });

  it('change and take out what was added', () => {
    let edits = withThings(NO_EDITS, read, [thing('boat')]);
    edits = withChange(edits, 'boat', { size: 'huge' });
    expect(edited(read, edits).things.at(-1)).toMatchObject({ name: 'boat', size: 'huge' });
    edits = withoutThing(edits, 'boat');
    expect(isEdited(edits)).toBe(false);
  });

  it('do not use a name again that was taken out', () => {
    const without = withoutThing(NO_EDITS, 'lake');
    const edits = withThings(without, edited(read, without), [thing('lake')]);
    const spec = edited(read, edits);
    expect(spec.things.map((one) => one.name)).toContain('lake 2');
    expect(spec.without).toEqual([]);
    expect(isSound(spec)).toBe(true);
  });
});

it.each([
  [thing('pine', { count: 40 }), '40 × pine'],
  [thing('boat', { colour: 'red', size: 'tiny' }), 'Tiny red boat'],
])('words of a chip', (one, words) => expect(thingWords(one)).toBe(words));
