/** Toasts: short words about what has just happened, with one thing to do about it; they leave by themselves. */

export interface Toast {
  id: number;
  words: string;
  tone: 'plain' | 'danger';
  action?: { label: string; run: () => void };
}

const READING_S = 6;

class Toasts {
  shown = $state<Toast[]>([]);
  private count = 0;
  private timers = new Map<number, ReturnType<typeof setTimeout>>();

  /** `durationS`: how long it stays; problems stay until they are closed. Gives the id, for `close`. */
  show(
    words: string,
    { tone = 'plain', action, durationS }: { tone?: Toast['tone']; action?: Toast['action']; durationS?: number } = {},
  ): number {
    const id = ++this.count;
    this.shown = [...this.shown.slice(-2), { id, words, tone, action }];
    const lastsS = durationS ?? (tone === 'danger' ? null : READING_S);
    if (lastsS !== null)
      this.timers.set(
        id,
        setTimeout(() => this.close(id), lastsS * 1_000),
      );
    return id;
  }

  close(id: number): void {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
