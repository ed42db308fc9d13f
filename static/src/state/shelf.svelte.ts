/** Shelf: the finished worlds, a page at a time, as searched and sorted. */
import type { Api, Order, TagCount, World, WorldPage } from '../api/client';
import { Problem } from '../api/client';

const PAGE_SIZE = 24;
const UNFINISHED = new Set(['QUEUED', 'RUNNING', 'CANCELLING']);

/** Worlds that are still being made are on the loom, not on the shelf. */
export function isUnfinished(world: Pick<World, 'state'>): boolean {
  return UNFINISHED.has(world.state);
}

export class Shelf {
  worlds = $state.raw<World[]>([]);
  /** loading: the first page is on its way, and nothing can be shown yet. */
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<unknown>(null);
  more = $state<'none' | 'some' | 'loading' | 'failed'>('none');
  tags = $state.raw<TagCount[]>([]);
  words = $state('');
  tag = $state('');
  order = $state<Order>('newest');

  private cursor: string | null = null;
  private turn = 0;
  private controller: AbortController | null = null;

  constructor(private readonly api: Api) {}

  get isChosen(): boolean {
    return this.words.trim() !== '' || this.tag !== '';
  }

  /** The first page anew. `quietly`: what is shown stays until the new one is there. */
  async load(quietly = false): Promise<void> {
    const turn = ++this.turn;
    this.controller?.abort();
    this.controller = new AbortController();
    if (!quietly) this.state = 'loading';
    try {
      const page = await this.page(null, this.controller.signal);
      if (turn !== this.turn) return;
      this.worlds = page.worlds;
      this.took(page);
      this.state = 'ready';
      this.error = null;
    } catch (error) {
      if (turn !== this.turn) return;
      this.error = error;
      if (!quietly || this.state !== 'ready') this.state = 'failed';
    }
    void this.loadTags();
  }

  async loadMore(): Promise<void> {
    if (this.more !== 'some' && this.more !== 'failed') return;
    const turn = this.turn;
    this.more = 'loading';
    try {
      const page = await this.page(this.cursor, this.controller?.signal);
      if (turn !== this.turn) return;
      const known = new Set(this.worlds.map((world) => world.id));
      this.worlds = [...this.worlds, ...page.worlds.filter((world) => !known.has(world.id))];
      this.took(page);
    } catch {
      if (turn === this.turn) this.more = 'failed';
    }
  }

  /** A world has changed, or has just been made. */
  put(world: World): void {
    const at = this.worlds.findIndex((one) => one.id === world.id);
    if (at >= 0) this.worlds = this.worlds.with(at, world);
    else if (!this.isChosen && this.order === 'newest') this.worlds = [world, ...this.worlds];
    else void this.load(true); // where it belongs, the service knows
  }

  drop(id: string): void {
    this.worlds = this.worlds.filter((world) => world.id !== id);
  }

  async loadTags(): Promise<void> {
    try {
      this.tags = await this.api.tags();
    } catch (error) {
      if (error instanceof Problem) this.tags = []; // an older service has no such call: search by words still works
    }
  }

  private page(cursor: string | null, signal?: AbortSignal): Promise<WorldPage> {
    const query = { q: this.words.trim().slice(0, 100), tag: this.tag, page_size: PAGE_SIZE, cursor: cursor ?? undefined };
    return this.api.worlds(this.order === 'newest' ? query : { ...query, order: this.order }, signal);
  }

  private took(page: WorldPage): void {
    this.cursor = page.next_cursor ?? null;
    this.more = this.cursor ? 'some' : 'none';
  }
}
