/** Remaking: new versions of worlds that are there: the same wish, changed or not, on the loom again. */
import type { GenerateRequest, World } from '../api/client';
import { atAnotherTime, newKey, rolled, wishOf } from '../create/composer.svelte';
import { toasts } from '../look/toasts.svelte';
import { api } from '../state/connection.svelte';
import { studio } from '../state/studio.svelte';
import { problemWords } from '../words/problems';
import { isNight } from './actions';

const LONGEST_NAME = 120;

/** The same once more. A failed try holds nothing, so the new one takes its place. */
export async function makeAgain(world: World): Promise<void> {
  if (!(await begin(() => Promise.resolve(asMade(world, world.name))))) return;
  studio.shelf.drop(world.id);
  await api.deleteWorld(world.id).catch(() => undefined);
}

export async function makeVariation(world: World): Promise<void> {
  await begin(() => Promise.resolve({ ...asMade(world, world.name), seed: rolled() }));
}

export async function makeTurned(world: World): Promise<void> {
  const toNight = !isNight(world);
  const name = toNight ? `${world.name}, at night` : `${world.name.replace(/, at night$/, '')}, by day`;
  await begin(async () => ({ ...(await atAnotherTime(api, world, toNight ? 'night' : 'morning')), ...named(world, name) }));
}

function asMade(world: World, name: string): GenerateRequest {
  return { ...wishOf(world), ...named(world, name) };
}

function named(world: World, name: string): GenerateRequest {
  return { name: [...name].slice(0, LONGEST_NAME).join(''), tags: world.tags, tier: world.tier || null };
}

async function begin(body: () => Promise<GenerateRequest>): Promise<boolean> {
  try {
    const operation = await api.generate(await body(), newKey());
    studio.turnAway();
    studio.loom.add(operation);
    toasts.show('A new version is on the loom.');
    return true;
  } catch (error) {
    toasts.show(`That could not be begun. ${problemWords(error)}`, { tone: 'danger' });
    return false;
  }
}
