/** Tests of the composer: what is read, what is sent, and that nothing is made twice. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Problem, Unreachable, type Api, type GenerateRequest, type Recipe, type World } from '../api/client';
import { atAnotherTime, Composer, titleOf, wishOf } from './composer.svelte';
import { withSetting } from './spec';

const SPEC = {
  place: 'forest',
  time_of_day: 'dawn',
  weather: 'clear',
  season: 'summer',
  mood: [],
  style: null,
  things: [],
  without: [],
  unmatched: [],
};

function standing(more: Partial<Record<keyof Api, unknown>> = {}) {
  const asked: string[] = [];
  const sent: [GenerateRequest, string][] = [];
  const api = {
    readPrompt: async (text: string) => {
      asked.push(text);
      return { spec: SPEC, unmatched: ['a quantum flux'], notes: [], places: ['forest', 'beach'] };
    },
    generate: async (body: GenerateRequest, once: string) => {
      sent.push([body, once]);
      return { id: 'op_1', world_id: 'wld_1' };
    },
    ...more,
  } as unknown as Api;
  return { composer: new Composer(api), api, asked, sent };
}

describe('the composer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('reads the words once the person pauses', async () => {
    const { composer, asked } = standing();
    for (const text of ['a', 'a pine', 'a pine forest']) {
      composer.write(text);
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toEqual(['a pine forest']);
    expect(composer.understanding).toBe('ready');
    expect(composer.reading?.unmatched).toEqual(['a quantum flux']);
  });

  it('reads one text at a time, and the latest at the end', async () => {
    const answers: (() => void)[] = [];
    const asked: string[] = [];
    const { composer } = standing({
      readPrompt: (text: string) => {
        asked.push(text);
        return new Promise((resolve) =>
          answers.push(() => resolve({ spec: { ...SPEC, place: text }, unmatched: [], notes: [], places: [] })),
        );
      },
    });
    for (const text of ['one', 'two', 'three']) {
      composer.write(text);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(asked).toEqual(['one']);
    answers.shift()!();
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toEqual(['one', 'three']);
    expect(composer.reading).toBeNull();
    answers.shift()!();
    await vi.advanceTimersByTimeAsync(0);
    expect(composer.reading?.spec.place).toBe('three');
    expect(composer.understanding).toBe('ready');
  });

  it('says why nothing was understood, until the words change', async () => {
    const { composer } = standing({
      readPrompt: () => Promise.reject(new Problem(422, 'invalid_request', '', 'nothing in this prompt is understood')),
    });
    composer.write('zorblax');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(composer.understanding).toBe('failed');
    expect(composer.misread).toBeInstanceOf(Problem);
    composer.write('');
    expect([composer.understanding, composer.misread]).toEqual(['idle', null]);
  });

  it('does not read what is too long, and says so', async () => {
    const { composer, asked, sent } = standing();
    composer.write('x'.repeat(100_000));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(composer.isTooLong).toBe(true);
    expect(composer.canMake).toBe(false);
    expect([asked, sent]).toEqual([[], []]);
    composer.write('🌲'.repeat(2_000)); // the service counts characters, not halves of them
    expect(composer.isTooLong).toBe(false);
  });

  it('gives reading up where the service has no such call', async () => {
    const refuse = vi.fn(async () => Promise.reject(new Problem(404, 'not_found', '', 'nothing here')));
    const { composer } = standing({ readPrompt: refuse });
    composer.write('a hut');
    await vi.advanceTimersByTimeAsync(1_000);
    composer.write('a hut by a lake');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(composer.understanding).toBe('missing');
    expect(refuse).toHaveBeenCalledTimes(1);
  });

  it('sends words alone, and a spec only when it was changed', async () => {
    const { composer, sent } = standing();
    composer.write(' a pine forest ');
    await vi.advanceTimersByTimeAsync(1_000);
    await composer.make();
    composer.edits = withSetting(composer.edits, 'time_of_day', 'night');
    await composer.make();
    expect(sent[0]![0]).toMatchObject({ text: 'a pine forest', name: 'A pine forest', splats: 500_000 });
    expect(sent[0]![0]).not.toHaveProperty('spec');
    expect(sent[1]![0].spec).toMatchObject({ place: 'forest', time_of_day: 'night' });
  });

  it('asks under the same key after a broken line, and under another one for another wish', async () => {
    const keys: string[] = [];
    const answers = [new Unreachable(), null, null];
    const { composer } = standing({
      generate: async (_: GenerateRequest, once: string) => {
        keys.push(once);
        const error = answers.shift();
        if (error) throw error;
        return { id: 'op_1', world_id: 'wld_1' };
      },
    });
    composer.write('a hut');
    await expect(composer.make()).rejects.toBeInstanceOf(Unreachable);
    expect(composer.error).toBeInstanceOf(Unreachable);
    await composer.make();
    composer.write('a tower');
    await composer.make();
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it('takes up a world with its own spec, until its words are changed', async () => {
    const { composer, asked, sent } = standing();
    const spec = { ...SPEC, weather: 'storm' };
    await composer.takeUp({ prompt: { text: 'a hut', seed: 7, splats: 20_000, spec } } as unknown as World);
    expect([composer.text, composer.seed, composer.splats, asked.length]).toEqual(['a hut', 7, 20_000, 0]);
    await composer.make();
    expect(sent[0]![0]).toMatchObject({ seed: 7, splats: 20_000, spec: { weather: 'storm' } });
    composer.write('a hut by the sea');
    await vi.advanceTimersByTimeAsync(1_000);
    await composer.make();
    expect(asked).toEqual(['a hut by the sea']);
    expect(sent[1]![0]).not.toHaveProperty('spec');
  });

  it('sends no specification along with files, and a world of files again as it was', async () => {
    const { composer, sent } = standing();
    const pictures = [{ media_asset_id: 'med_1', azimuth_deg: null }];
    const recipes = [{ tier: 'nano', kinds: { photograph: ['look'] }, lacks: {}, default_for: [] } as unknown as Recipe];
    await composer.takeUp({ prompt: { text: 'a hut', seed: 7, splats: 20_000, pictures } } as unknown as World, recipes);
    expect(composer.canMake).toBe(true);
    composer.edits = withSetting(composer.edits, 'weather', 'fog');
    await composer.make();
    expect(sent[0]![0]).toMatchObject({ text: 'a hut', tier: 'nano', pictures });
    expect(sent[0]![0]).not.toHaveProperty('spec');
    expect(wishOf({ prompt: { text: '', panorama: 'med_1', distance: 'med_2' } } as never)).toEqual({
      text: '',
      panorama: 'med_1',
      distance: 'med_2',
    });
  });

  it('does not make what the service cannot make of these files', async () => {
    const { composer } = standing();
    const recipes = [{ tier: 'nano', kinds: { pictures: ['look'] }, lacks: {}, default_for: ['pictures'] } as unknown as Recipe];
    await composer.takeUp({ prompt: { text: 'a hut', seed: 7, pictures: [{ media_asset_id: 'med_1' }] } } as unknown as World, recipes);
    expect([composer.canMake, composer.files.lack]).toEqual([false, expect.stringMatching(/^One photograph alone/)]);
    composer.files.clear();
    expect(composer.canMake).toBe(true);
  });
});

it('turns a world to another time of day from its words or its spec', async () => {
  const { api, asked } = standing();
  const body = await atAnotherTime(api, { prompt: { text: 'a hut', seed: 7 } } as unknown as World, 'night');
  expect(body).toMatchObject({ text: 'a hut', seed: 7, spec: { place: 'forest', time_of_day: 'night' } });
  expect(asked).toEqual(['a hut']);
  expect(wishOf({ prompt: { text: 3, seed: 'x' } as never })).toEqual({});
});

it.each([
  ['a hut by a lake.', 'A hut by a lake'],
  ['  many\n\n blanks ', 'Many blanks'],
  ['a village square in the rain, with a fountain and a market stall', 'A village square in the rain, with a fountain and a market…'],
  ['x'.repeat(90), `${'X'}${'x'.repeat(59)}…`],
])('titles: %s', (text, title) => expect(titleOf(text)).toBe(title));
