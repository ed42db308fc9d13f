/** Tests of the API client: problems, keys, and lines that break, against answers written by hand. */
import { describe, expect, it, vi } from 'vitest';

import { Api, Problem, Unreachable } from './client';
import { problemOf } from './problem';

type Answer = Response | Error | ((request: Request) => Response);

function standing(...answers: Answer[]) {
  const asked: Request[] = [];
  const heard: unknown[] = [];
  const held = { key: 'wl_secret' };
  const api = new Api({
    fetch: async (input, init) => {
      const request = new Request(new URL(String(input), 'http://studio.test'), init as RequestInit);
      asked.push(request);
      const answer = answers.shift();
      if (!answer) throw new Error(`nobody expected ${request.method} ${request.url}`);
      if (answer instanceof Error) throw answer;
      return typeof answer === 'function' ? answer(request) : answer;
    },
    key: () => held.key,
    heard: (outcome) => heard.push(outcome instanceof Problem ? outcome.code : outcome),
    pause: () => Promise.resolve(),
  });
  return { api, asked, heard, held };
}

function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } });
}

function stream(text: string, then?: 'breaks'): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      if (!then) controller.close();
    },
    pull(controller) {
      if (then) controller.error(new TypeError('network error'));
    },
  });
  return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
}

function event(id: number, state: string, done = false): string {
  return `event: ${done ? 'done' : 'progress'}\nid: ${id}\ndata: ${JSON.stringify({ id: 'op_1', state, done })}\n\n`;
}

async function states(api: Api, signal?: AbortSignal): Promise<string[]> {
  const told: string[] = [];
  for await (const one of api.events('op_1', signal)) told.push(one.state);
  return told;
}

describe('calls', () => {
  it('send the key, JSON and an idempotency key, and escape ids', async () => {
    const { api, asked, heard } = standing(json({ id: 'op_1' }, 202), json({ id: 'a/b' }));
    await api.generate({ text: 'a hut' }, 'once');
    await api.world('a/b?c');
    expect(asked[0]!.headers.get('Authorization')).toBe('Bearer wl_secret');
    expect(asked[0]!.headers.get('Idempotency-Key')).toBe('once');
    expect(await asked[0]!.json()).toEqual({ text: 'a hut' });
    expect(new URL(asked[1]!.url).pathname).toBe('/v1/worlds/a%2Fb%3Fc');
    expect(heard).toEqual(['answered', 'answered']);
  });

  it('leave out what is not asked for in a query', async () => {
    const { api, asked } = standing(json({ worlds: [] }));
    await api.worlds({ q: 'sea & sand', tag: '', cursor: undefined, page_size: 24 });
    expect(new URL(asked[0]!.url).search).toBe('?q=sea+%26+sand&page_size=24');
  });

  it('ask again with the new key when the old one is refused too late', async () => {
    const refusal = { title: 'No key', status: 401, code: 'unauthenticated', detail: 'no', request_id: 'req_1', errors: [] };
    const late = () => {
      held.key = 'wl_new';
      return json(refusal, 401);
    };
    const { api, asked, heard, held } = standing(late, json({ worlds: [] }));
    await api.worlds();
    expect(asked.map((request) => request.headers.get('Authorization'))).toEqual(['Bearer wl_secret', 'Bearer wl_new']);
    expect(heard).toEqual(['answered']);
  });

  it('throw the problem with everything it says', async () => {
    const body = { title: 'Rate limited', status: 429, code: 'rate_limited', detail: 'wait a little', request_id: 'req_1', errors: [] };
    const { api, heard } = standing(json(body, 429, { 'Retry-After': '30' }));
    const problem = await api.world('wld_1').catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({ status: 429, code: 'rate_limited', detail: 'wait a little', retryAfterS: 30, requestId: 'req_1' });
    expect(heard).toEqual(['rate_limited']);
  });

  it('throw Unreachable when nobody answers, and when the answer breaks off', async () => {
    const { api, heard } = standing(new TypeError('Failed to fetch'), new Response('{"id": "wl'));
    await expect(api.world('wld_1')).rejects.toBeInstanceOf(Unreachable);
    await expect(api.world('wld_1')).rejects.toBeInstanceOf(Unreachable);
    expect(heard[0]).toBe('unreachable');
  });

  it('make a problem of what proxies answer', async () => {
    const problem = await problemOf(new Response('<html>Bad gateway</html>', { status: 502 }));
    expect(problem).toMatchObject({ status: 502, code: 'internal', retryAfterS: null });
    expect(problem.detail).toContain('502');
  });
});

describe('events', () => {
  it('end with the operation', async () => {
    const { api, asked } = standing(stream(event(1, 'QUEUED') + event(2, 'RUNNING') + event(3, 'SUCCEEDED', true)));
    expect(await states(api)).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
    expect(asked).toHaveLength(1);
  });

  it('go on where the line broke', async () => {
    const { api, asked, heard } = standing(
      stream(event(4, 'QUEUED') + event(5, 'RUNNING'), 'breaks'),
      new TypeError('Failed to fetch'),
      json({ status: 503, code: 'database_unavailable', detail: 'away' }, 503),
      stream(event(6, 'SUCCEEDED', true)),
    );
    expect(await states(api)).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
    expect(asked.map((request) => request.headers.get('Last-Event-ID'))).toEqual([null, '5', '5', '5']);
    expect(heard).toContain('unreachable');
  });

  it('look the end up when it was told before', async () => {
    const { api } = standing(new Response(null, { status: 204 }), json({ id: 'op_1', state: 'FAILED', done: true }));
    expect(await states(api)).toEqual(['FAILED']);
  });

  it('stop at a refusal', async () => {
    const { api } = standing(json({ status: 404, code: 'not_found', detail: 'gone' }, 404));
    await expect(states(api)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('fall silent when nobody listens any more', async () => {
    const controller = new AbortController();
    const { api } = standing(stream(event(1, 'RUNNING')));
    const told: string[] = [];
    for await (const one of api.events('op_1', controller.signal)) {
      told.push(one.state);
      controller.abort();
    }
    expect(told).toEqual(['RUNNING']);
  });
});

it('pause can be broken off', async () => {
  const { pause } = await import('./client');
  const controller = new AbortController();
  vi.useFakeTimers();
  const waiting = pause(1_000, controller.signal);
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  vi.useRealTimers();
});
