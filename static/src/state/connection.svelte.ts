/** Connection: whether the service answers, and whether it wants a key; brings the page back by itself. */
import { Api, pause, Problem } from '../api/client';
import { keyRing } from './key.svelte';

const FIRST_TRY_MS = 1_000;
const LAST_TRY_MS = 8_000;

class Connection {
  /** The service does not answer. */
  gone = $state(false);
  /** The browser itself says that it has no line. */
  offline = $state(!navigator.onLine);
  /** The service wants a key: none was given, or it does not know the one it got. */
  wants = $state<null | 'key_missing' | 'key_invalid'>(null);

  private returns = new Set<() => void>();
  private trying = false;

  /** Calls `back` each time that the service is there again, or a new key was given. Gives a function that ends this. */
  onreturn(back: () => void): () => void {
    this.returns.add(back);
    return () => this.returns.delete(back);
  }

  heard(outcome: 'answered' | 'unreachable' | Problem): void {
    if (outcome === 'unreachable') {
      this.gone = true;
      void this.tryAgain();
      return;
    }
    this.gone = false;
    if (outcome instanceof Problem && outcome.status === 401) this.wants = outcome.code === 'key_missing' ? 'key_missing' : 'key_invalid';
  }

  /** A key was given or changed: whatever was refused for want of one is asked again. */
  keyChanged(): void {
    this.wants = null;
    this.tellReturned();
  }

  watch(): () => void {
    const changed = () => {
      this.offline = !navigator.onLine;
      if (!this.offline && this.gone) void this.look();
    };
    const seen = () => {
      if (!document.hidden && this.gone) void this.tryAgain();
    };
    addEventListener('online', changed);
    addEventListener('offline', changed);
    document.addEventListener('visibilitychange', seen);
    return () => {
      removeEventListener('online', changed);
      removeEventListener('offline', changed);
      document.removeEventListener('visibilitychange', seen);
    };
  }

  private async tryAgain(): Promise<void> {
    if (this.trying) return;
    this.trying = true;
    let waitMs = FIRST_TRY_MS;
    while (this.gone && !document.hidden) {
      await pause(waitMs);
      await this.look();
      waitMs = Math.min(waitMs * 1.5, LAST_TRY_MS);
    }
    this.trying = false;
  }

  private async look(): Promise<void> {
    try {
      const answer = await fetch('/healthz', { cache: 'no-store', credentials: 'omit' });
      if (!answer.ok) return;
    } catch {
      return;
    }
    if (!this.gone) return;
    this.gone = false;
    this.tellReturned();
  }

  private tellReturned(): void {
    for (const back of [...this.returns]) back();
  }
}

export const connection = new Connection();

export const api = new Api({
  fetch: (input, init) => fetch(input, init),
  key: () => keyRing.key,
  heard: (outcome) => connection.heard(outcome),
  pause,
});
