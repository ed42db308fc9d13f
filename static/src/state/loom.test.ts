/** Tests of the loom: following what is made through ends, losses, rests and returns. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Problem, type Api, type Operation, type OperationEvent } from '../api/client';
import { Loom } from './loom.svelte';

type Told = Partial<Operation> & { id: string };

function operation(id: string, state: Operation['state'] = 'RUNNING', more: Partial<Operation> = {}): Operation {
  const done = ['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(state);
  const progress = { phase: 'light', fraction: 0.5, note: '', queue_position: null, eta_s: null };
  return { id, kind: 'generate', state, done, world_id: `wld_${id}`, progress, updated_at: '2026-01-01T00:00:00Z', ...more } as Operation;
}

/** A service whose lines are fed by hand. */
class Service {
  open: Operation[] = [];
  lines = new Map<string, { tell: (event: Told) => void; signal: AbortSignal }>();
  looked: string[] = [];
  api = {
    operations: async ({ state }: { state: string }) => ({ operations: this.open.filter((one) => one.state === state) }),
    operation: async (id: string) => {
      this.looked.push(id);
      const found = this.open.find((one) => one.id === id);
      if (!found) throw new Problem(404, 'not_found', '', 'gone');
      return found;
    },
    world: async (id: string) => ({ id, name: `World ${id}` }),
    events: (id: string, signal: AbortSignal) => this.line(id, signal),
  } as unknown as Api;

  private async *line(id: string, signal: AbortSignal): AsyncGenerator<OperationEvent> {
    const queue: Told[] = this.open.filter((one) => one.id === id && one.done); // an end is told to those who come late, too
    let wake = () => undefined as void;
    signal.addEventListener('abort', () => wake());
    this.lines.set(id, { signal, tell: (event) => (queue.push(event), wake()) });
    while (!signal.aborted) {
      const next = queue.shift();
      if (next) {
        yield next as OperationEvent;
        if (next.done) return;
      } else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
}

let service: Service;
let ended: [string, string | null][];
let loom: Loom;

beforeEach(() => {
  vi.useFakeTimers();
  service = new Service();
  ended = [];
  loom = new Loom(service.api, { ended: (told, world) => ended.push([told.id, world?.id ?? null]) });
});
afterEach(() => {
  loom.rest();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const names = () => loom.makings.map((making) => making.operation.id);

describe('the loom', () => {
  it('finds what is open, names it, and follows it to its end', async () => {
    service.open = [operation('a')];
    await loom.resume();
    await settle();
    expect(loom.makings[0]).toMatchObject({ operation: { id: 'a' }, world: { name: 'World wld_a' }, previewUrl: null });
    service.lines.get('a')!.tell({ ...operation('a'), preview_url: '/p.spz' } as Told);
    await settle();
    expect(loom.makings[0]?.previewUrl).toBe('/p.spz');
    service.lines.get('a')!.tell(operation('a', 'SUCCEEDED'));
    await settle();
    expect(names()).toEqual([]);
    expect(ended).toEqual([['a', 'wld_a']]);
  });

  it('keeps two lines at most, and looks after the others every few seconds', async () => {
    service.open = [operation('a'), operation('d', 'QUEUED'), operation('c', 'QUEUED'), operation('b', 'QUEUED')];
    await loom.resume();
    expect(names()).toEqual(['a', 'b', 'c', 'd']);
    expect([...service.lines.keys()]).toEqual(['a', 'b']);
    service.open = service.open.filter((one) => one.id !== 'd');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(service.looked).toEqual(['d']);
    expect(ended).toEqual([['d', null]]);
    service.lines.get('a')!.tell(operation('a', 'FAILED'));
    await settle();
    expect([...service.lines.keys()]).toEqual(['a', 'b', 'c']);
  });

  it('closes its lines when nobody looks, and takes them up again', async () => {
    service.open = [operation('a')];
    await loom.resume();
    const { signal } = service.lines.get('a')!;
    loom.rest();
    expect(signal.aborted).toBe(true);
    const before = service.looked.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(service.looked.length).toBe(before);
    await loom.resume();
    expect(service.lines.get('a')!.signal.aborted).toBe(false);
    expect(names()).toEqual(['a']);
  });

  it('notices on its return what ended in the meantime', async () => {
    service.open = [operation('a')];
    await loom.resume();
    loom.rest();
    service.open = [operation('a', 'SUCCEEDED')];
    await loom.resume();
    await settle();
    expect(ended).toEqual([['a', 'wld_a']]);
  });

  it('is not confused by news told again', async () => {
    service.open = [operation('a', 'RUNNING', { updated_at: '2026-01-01T00:00:09Z' })];
    await loom.resume();
    loom.add(operation('a', 'QUEUED', { updated_at: '2026-01-01T00:00:01Z' }));
    expect(loom.makings[0]?.operation.state).toBe('RUNNING');
    loom.add(operation('a', 'SUCCEEDED'));
    loom.add(operation('a', 'SUCCEEDED'));
    await settle();
    expect(ended).toHaveLength(1);
  });

  it('forgets the world that was deleted here', async () => {
    service.open = [operation('a')];
    await loom.resume();
    loom.forget('wld_a');
    expect(names()).toEqual([]);
    expect(service.lines.get('a')!.signal.aborted).toBe(true);
    expect(ended).toEqual([]);
  });

  it('leaves exports and films to those who asked for them', () => {
    loom.add(operation('a', 'RUNNING', { kind: 'export' }));
    expect(names()).toEqual([]);
  });
});
