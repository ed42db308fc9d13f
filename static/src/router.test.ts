/** Tests of addresses. */
import { beforeAll, describe, expect, it, vi } from 'vitest';

let routeOf: typeof import('./router.svelte').routeOf;
beforeAll(async () => {
  vi.stubGlobal('location', new URL('http://127.0.0.1/'));
  ({ routeOf } = await import('./router.svelte'));
});

describe('routeOf', () => {
  it.each([
    ['/', { name: 'home' }],
    ['/w/wld_01', { name: 'world', worldId: 'wld_01' }],
    ['/w/wld_01/', { name: 'world', worldId: 'wld_01' }],
    ['/embed/wld_01', { name: 'embed', worldId: 'wld_01' }],
    ['/w/', { name: 'unknown', path: '/w/' }],
    ['/w/a/b', { name: 'unknown', path: '/w/a/b' }],
    ['/w/%E0%A4%A', { name: 'unknown', path: '/w/%E0%A4%A' }],
    ['/w/%3Cb%3E', { name: 'world', worldId: '<b>' }],
    ['/worlds', { name: 'unknown', path: '/worlds' }],
  ])('%s', (path, route) => {
    expect(routeOf(path)).toEqual(route);
  });
});
