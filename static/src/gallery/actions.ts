/** Actions: what one can do with a world on the shelf. */
import type { PatchRequest, World } from '../api/client';
import { Problem } from '../api/client';
import { filesOf } from '../create/attachments.svelte';
import type { MenuItem } from '../look/menu';
import { router, worldPath } from '../router.svelte';
import { api } from '../state/connection.svelte';
import { studio } from '../state/studio.svelte';
import { failureWords } from '../words/problems';

export interface CardCalls {
  change: (world: World, change: PatchRequest) => Promise<void>;
  editTags: (world: World) => void;
  /** Take its words and chips up into the composer. */
  edit: (world: World) => void;
  /** Make the same again, with the same seed: for what did not work. */
  again: (world: World) => void;
  /** The same words with another seed. */
  vary: (world: World) => void;
  /** The same world at night; by day when it is night there. */
  turn: (world: World) => void;
  share: (world: World) => void;
  showTag: (tag: string) => void;
}

export function isNight(world: World): boolean {
  return (world.facts as { time_of_day?: string } | null)?.time_of_day === 'night';
}

/** Whether it was made from words, which can be read anew for another time of day. */
function isOfWords(world: World): boolean {
  return Object.keys(filesOf(world)).length === 0;
}

export function actionsOf(world: World, calls: CardCalls & { rename: () => void }): MenuItem[] {
  const isPublic = world.visibility === 'public';
  const made: MenuItem[] = [
    { label: 'Enter', icon: 'enter', onselect: () => router.go(worldPath(world.id)) },
    ...(isOfWords(world)
      ? [
          {
            label: isNight(world) ? 'Make it day' : 'Make it night',
            icon: isNight(world) ? 'sun' : 'moon',
            onselect: () => calls.turn(world),
          } satisfies MenuItem,
        ]
      : []),
    { label: 'Again, with another seed', icon: 'dice', onselect: () => calls.vary(world) },
  ];
  return [
    ...(world.state === 'SUCCEEDED' ? made : [{ label: 'Try again', icon: 'redo', onselect: () => calls.again(world) } satisfies MenuItem]),
    { label: 'Edit and remake', icon: 'settings', onselect: () => calls.edit(world) },
    { label: 'Rename', icon: 'edit', note: 'F2', onselect: calls.rename },
    { label: 'Tags…', icon: 'tag', onselect: () => calls.editTags(world) },
    ...(world.state === 'SUCCEEDED' ? [{ label: 'Copy link', icon: 'link', onselect: () => calls.share(world) } satisfies MenuItem] : []),
    {
      label: isPublic ? 'Make it private' : 'Let others look',
      icon: isPublic ? 'lock' : 'globe',
      onselect: () => void calls.change(world, { visibility: isPublic ? 'private' : 'public' }),
    },
    { label: 'Delete', icon: 'trash', note: 'Del', danger: true, onselect: () => studio.remove(world) },
  ];
}

/** Why a world was not made, from its operation, which knows for as long as it is kept. */
export async function failureOf(world: World): Promise<string> {
  if (world.state === 'CANCELLED') return 'It was stopped before it was finished.';
  try {
    return failureWords((await api.operation(world.operation_id)).error);
  } catch (error) {
    return error instanceof Problem ? 'It could not be made; the reason is no longer known.' : 'It could not be made.';
  }
}
