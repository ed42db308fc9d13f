/** Studio: what the whole page shares: the loom, the shelf, deletions, and what the service can make. */
import type { Recipes, World } from '../api/client';
import { toasts } from '../look/toasts.svelte';
import { problemWords } from '../words/problems';
import { api, connection } from './connection.svelte';
import { Deletions } from './deletions.svelte';
import { Loom } from './loom.svelte';
import { Shelf } from './shelf.svelte';

class Studio {
  readonly shelf = new Shelf(api);
  readonly loom = new Loom(api, { ended: (operation, world) => this.tookOff(operation.state, world) });
  readonly deletions = new Deletions({
    delete: (id, leaving) => api.deleteWorld(id, leaving),
    failed: (id, error) => this.notDeleted(id, error),
    done: (id) => this.shelf.drop(id),
  });
  recipes = $state.raw<Recipes | null>(null);
  /** The world that was begun last; whoever has not turned to something else is led into it as soon as there is something to see. */
  entering = $state<string | null>(null);
  /** Between the wish and the answer: whether the person is still waiting for it. */
  private waiting = false;
  /** Read out to those who do not see the page. */
  said = $state('');

  /** As long as the page lives: what was to be deleted is deleted before it is closed. Gives a function that ends this. */
  watch(): () => void {
    const left = () => this.deletions.flush();
    addEventListener('pagehide', left);
    return () => removeEventListener('pagehide', left);
  }

  /** While the home page is shown: follow, and stop following when nobody looks. Gives a function that ends this. */
  open(): () => void {
    const begin = () => {
      void this.loom.resume();
      void this.shelf.load(this.shelf.state === 'ready');
      void this.loadRecipes();
    };
    const seen = () => (document.hidden ? this.loom.rest() : begin());
    if (!document.hidden) begin();
    const off = connection.onreturn(begin);
    document.addEventListener('visibilitychange', seen);
    return () => {
      off();
      document.removeEventListener('visibilitychange', seen);
      this.loom.rest();
    };
  }

  /** A wish is on its way: whoever stays is led into its world. */
  waitToEnter(): void {
    this.waiting = true;
  }

  /** The wish was taken on as this world; null: it was not. */
  enterSoon(worldId: string | null): void {
    this.entering = this.waiting ? worldId : null;
    this.waiting = false;
  }

  /** The person has turned to something else. */
  turnAway(): void {
    this.waiting = false;
    this.entering = null;
  }

  /** Hides a world now, and deletes it when nobody takes that back. */
  remove(world: World): void {
    this.deletions.begin(world.id);
    toasts.show(`“${world.name}” is deleted.`, {
      durationS: this.deletions.graceMs / 1_000 - 0.2,
      action: { label: 'Undo', run: () => this.restore(world) },
    });
  }

  private restore(world: World): void {
    if (this.deletions.undo(world.id)) this.said = `${world.name} is back.`;
    else toasts.show(`It was too late: “${world.name}” is gone.`);
  }

  private notDeleted(id: string, error: unknown): void {
    const name = this.shelf.worlds.find((world) => world.id === id)?.name ?? 'The world';
    toasts.show(`“${name}” could not be deleted. ${problemWords(error)}`, { tone: 'danger' });
  }

  private tookOff(state: string, world: World | null): void {
    if (!world) return;
    this.shelf.put(world);
    if (state === 'SUCCEEDED') this.said = `${world.name} is ready.`;
    if (state === 'FAILED') this.said = `${world.name} could not be made.`;
  }

  private async loadRecipes(): Promise<void> {
    try {
      this.recipes = await api.recipes();
    } catch {
      // the page says already that the service is away
    }
  }
}

export const studio = new Studio();
