/** Settings of the viewer that this browser keeps. */

const PREFIX = 'worldloom-viewer-';

/** What was kept under a name, if it is still one of what it may be. */
export function kept<Value extends string>(name: string, allowed: readonly Value[], otherwise: Value): Value {
  try {
    const value = localStorage.getItem(PREFIX + name) as Value | null;
    return value !== null && allowed.includes(value) ? value : otherwise;
  } catch {
    return otherwise; // storage is shut
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // it holds until the page is left
  }
}
