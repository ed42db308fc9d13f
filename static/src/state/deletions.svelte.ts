/** Deletions that can be taken back: the world is hidden at once, and deleted a little later. */
import { SvelteSet } from 'svelte/reactivity';

const GRACE_MS = 8_000;

export interface DeletionCalls {
  /** Really deletes; `leaving`: the page is being closed, so the call must outlive it. */
  delete: (id: string, leaving: boolean) => Promise<void>;
  /** Deleting did not work: the world is still there. */
  failed: (id: string, error: unknown) => void;
  done: (id: string) => void;
}

export class Deletions {
  /** Worlds that are not shown any more. */
  readonly hidden = new SvelteSet<string>();
  private timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly calls: DeletionCalls,
    readonly graceMs = GRACE_MS,
  ) {}

  begin(id: string): void {
    if (this.timers.has(id)) return;
    this.hidden.add(id);
    this.timers.set(
      id,
      setTimeout(() => void this.carryOut(id, false), this.graceMs),
    );
  }

  /** Whether it came in time. */
  undo(id: string): boolean {
    const timer = this.timers.get(id);
    if (timer === undefined) return false;
    clearTimeout(timer);
    this.timers.delete(id);
    this.hidden.delete(id);
    return true;
  }

  /** The page is being left: what was to be deleted is deleted now. */
  flush(): void {
    for (const id of [...this.timers.keys()]) void this.carryOut(id, true);
  }

  private async carryOut(id: string, leaving: boolean): Promise<void> {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
    try {
      await this.calls.delete(id, leaving);
      this.calls.done(id);
    } catch (error) {
      this.hidden.delete(id);
      this.calls.failed(id, error);
    }
  }
}
