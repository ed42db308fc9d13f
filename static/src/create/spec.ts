/** Edits of what was understood: kept apart from the reading, so that they hold when the words change. */
import type { SceneSpec, ThingSpec } from '../api/types';

export const TIMES = {
  dawn: 'Dawn',
  morning: 'Morning',
  noon: 'Noon',
  afternoon: 'Afternoon',
  'golden hour': 'Golden hour',
  sunset: 'Sunset',
  dusk: 'Dusk',
  night: 'Night',
} as const satisfies Record<SceneSpec['time_of_day'], string>;

export const WEATHERS = {
  clear: 'Clear',
  cloudy: 'Cloudy',
  fog: 'Fog',
  rain: 'Rain',
  snow: 'Snow',
  storm: 'Storm',
} as const satisfies Record<SceneSpec['weather'], string>;

export const SEASONS = {
  spring: 'Spring',
  summer: 'Summer',
  autumn: 'Autumn',
  winter: 'Winter',
} as const satisfies Record<SceneSpec['season'], string>;

export const SIZES = {
  tiny: 'Tiny',
  small: 'Small',
  normal: 'Usual size',
  large: 'Large',
  huge: 'Huge',
} as const satisfies Record<ThingSpec['size'], string>;

/** Colours that the menu offers; words may name many more. */
export const COLOURS = ['red', 'orange', 'yellow', 'green', 'blue', 'purple', 'pink', 'brown', 'black', 'grey', 'white'] as const;

export const MOST_COUNT = 200;

export type Setting = 'place' | 'time_of_day' | 'weather' | 'season';
export type Change = Partial<Pick<ThingSpec, 'count' | 'colour' | 'size'>>;

export interface Edits {
  settings: Partial<Pick<SceneSpec, Setting>>;
  /** By the thing's name. */
  changed: Readonly<Record<string, Change>>;
  removed: readonly string[];
  added: readonly ThingSpec[];
}

export const NO_EDITS: Edits = { settings: {}, changed: {}, removed: [], added: [] };

export function isEdited(edits: Edits): boolean {
  return Object.keys(edits.settings).length + Object.keys(edits.changed).length + edits.removed.length + edits.added.length > 0;
}

export function withSetting<Name extends Setting>(edits: Edits, name: Name, value: SceneSpec[Name]): Edits {
  return { ...edits, settings: { ...edits.settings, [name]: value } };
}

export function withChange(edits: Edits, name: string, change: Change): Edits {
  const added = edits.added.findIndex((thing) => thing.name === name);
  if (added >= 0) return { ...edits, added: edits.added.with(added, { ...edits.added[added]!, ...change }) };
  return { ...edits, changed: { ...edits.changed, [name]: { ...edits.changed[name], ...change } } };
}

export function withoutThing(edits: Edits, name: string): Edits {
  if (edits.added.some((thing) => thing.name === name)) return { ...edits, added: edits.added.filter((thing) => thing.name !== name) };
  return { ...edits, removed: [...edits.removed.filter((one) => one !== name), name] };
}

/** `shown`: the spec as it stands; names within one spec differ. */
export function withThings(edits: Edits, shown: SceneSpec, things: readonly ThingSpec[]): Edits {
  const taken = new Set([...shown.things.map((thing) => thing.name), ...edits.removed, 'viewer']);
  const names = new Map<string, string>();
  for (const { name } of things) {
    let free = name;
    for (let number = 2; taken.has(free); number += 1) free = `${name} ${number}`;
    taken.add(free);
    names.set(name, free);
  }
  const renamed = things.map((thing) => ({
    ...thing,
    name: names.get(thing.name)!,
    relations: (thing.relations ?? [])
      .filter((relation) => relation.objects.every((name) => names.has(name)))
      .map((relation) => ({ ...relation, objects: relation.objects.map((name) => names.get(name)!) })),
  }));
  return { ...edits, added: [...edits.added, ...renamed] };
}

/** What is made: the reading with all edits. Nothing refers to a thing that was taken out, and the place does not bring it back. */
export function edited(spec: SceneSpec, edits: Edits): SceneSpec {
  const gone = new Set(edits.removed);
  const kept = spec.things.filter((thing) => !gone.has(thing.name)).map((thing) => ({ ...thing, ...edits.changed[thing.name] }));
  const things = [...kept, ...edits.added].map((thing) => ({
    ...thing,
    relations: (thing.relations ?? []).filter((relation) => !relation.objects.some((name) => gone.has(name))),
  }));
  const kinds = new Set(things.map((thing) => thing.kind));
  const unwanted = spec.things.filter((thing) => gone.has(thing.name)).map((thing) => thing.kind);
  const without = [...new Set([...spec.without, ...unwanted])].filter((kind) => !kinds.has(kind)).slice(0, 64);
  return { ...spec, ...edits.settings, things, without };
}

/** "3 × large red boat", for a chip. */
export function thingWords(thing: ThingSpec): string {
  const size = thing.size && thing.size !== 'normal' ? `${thing.size} ` : '';
  const colour = thing.colour ? `${thing.colour} ` : '';
  const count = thing.count > 1 ? `${thing.count} × ` : '';
  const words = `${size}${colour}${thing.kind}`;
  return count + (count ? words : words.charAt(0).toUpperCase() + words.slice(1));
}
