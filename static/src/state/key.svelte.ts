/** The key of this browser: kept in local storage when the person wants that, else until the tab is closed. */

const NAME = 'worldloom-key';

class KeyRing {
  key = $state<string | null>(read());
  kept = $state(stored(localStorage) !== null);

  use(key: string, keep: boolean): void {
    this.forget();
    this.key = key;
    this.kept = keep;
    try {
      (keep ? localStorage : sessionStorage).setItem(NAME, key);
    } catch {
      this.kept = false; // storage is shut: the key lives as long as the page
    }
  }

  forget(): void {
    this.key = null;
    this.kept = false;
    for (const storage of [localStorage, sessionStorage]) {
      try {
        storage.removeItem(NAME);
      } catch {
        // nothing was kept there
      }
    }
  }
}

function read(): string | null {
  return stored(sessionStorage) ?? stored(localStorage);
}

function stored(storage: Storage): string | null {
  try {
    return storage.getItem(NAME);
  } catch {
    return null;
  }
}

export const keyRing = new KeyRing();
