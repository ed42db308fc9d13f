/** Router: three addresses, real history, and the place on the page one comes back to. */
import { tick } from 'svelte';

export type Route =
  { name: 'home' } | { name: 'world'; worldId: string } | { name: 'embed'; worldId: string } | { name: 'unknown'; path: string };

/** What an address shows. A new route goes here, and into App.svelte. */
export function routeOf(path: string): Route {
  if (path === '/' || path === '/index.html') return { name: 'home' };
  const match = /^\/(w|embed)\/([^/]+)\/?$/.exec(path);
  const worldId = match?.[2] && decoded(match[2]);
  if (worldId) return match[1] === 'w' ? { name: 'world', worldId } : { name: 'embed', worldId };
  return { name: 'unknown', path };
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

export function worldPath(worldId: string): string {
  return `/w/${encodeURIComponent(worldId)}`;
}

class Router {
  route = $state<Route>(routeOf(location.pathname));
  /** Whether there is a page of ours to go back to. */
  private depth = 0;

  start(): () => void {
    history.scrollRestoration = 'manual';
    const popped = (event: PopStateEvent) => void this.show(Number((event.state as { scrollY?: number } | null)?.scrollY ?? 0), -1);
    const clicked = (event: MouseEvent) => this.follow(event);
    addEventListener('popstate', popped);
    document.addEventListener('click', clicked);
    return () => {
      removeEventListener('popstate', popped);
      document.removeEventListener('click', clicked);
    };
  }

  go(path: string): void {
    if (path === location.pathname) return;
    history.replaceState({ scrollY }, '');
    history.pushState({ scrollY: 0 }, '', path);
    void this.show(0, 1);
  }

  /** Back where one came from; to the beginning when this page was opened by its own address. */
  leave(): void {
    if (this.depth > 0) history.back();
    else this.go('/');
  }

  private async show(scroll: number, step: number): Promise<void> {
    this.depth = Math.max(0, this.depth + step);
    this.route = routeOf(location.pathname);
    await tick();
    scrollTo(0, scroll);
    if (step > 0) document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
  }

  /** Links within the studio need no new page; all others are the browser's business. */
  private follow(event: MouseEvent): void {
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.target || link.hasAttribute('download') || link.hash) return;
    if (routeOf(link.pathname).name === 'unknown') return;
    event.preventDefault();
    this.go(link.pathname);
  }
}

export const router = new Router();
