/** The API client: every call that the studio makes, typed; each throws Problem or Unreachable. */
import { EventParser, eventsOf } from './events';
import { Problem, problemOf, Unreachable } from './problem';
import type {
  ExportRequest,
  GenerateRequest,
  MediaAsset,
  Operation,
  OperationEvent,
  OperationPage,
  PatchRequest,
  PreparedAsset,
  PrepareRequest,
  Reading,
  Recipes,
  RenderRequest,
  TagCount,
  World,
  WorldPage,
  WorldQuery,
} from './types';

export { Problem, Unreachable } from './problem';
export type * from './types';

const RECONNECT_MS = 2_000;
const LONGEST_RECONNECT_MS = 15_000;

/** What the client needs from the page around it. */
export interface Surroundings {
  fetch: typeof fetch;
  /** The key to send, if there is one. */
  key: () => string | null;
  /** Told how each call ended, so that the page can say that the service is gone, or wants a key. */
  heard: (outcome: 'answered' | 'unreachable' | Problem) => void;
  /** Waits, or rejects when aborted. */
  pause: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

interface Call {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  body?: unknown;
  signal?: AbortSignal;
  keepalive?: boolean;
  headers?: Record<string, string>;
}

export class Api {
  constructor(private readonly around: Surroundings) {}

  world = (id: string, signal?: AbortSignal) => this.json<World>(`/v1/worlds/${segment(id)}`, { signal });

  worlds = (query: WorldQuery = {}, signal?: AbortSignal) => this.json<WorldPage>(`/v1/worlds${queryOf(query)}`, { signal });

  tags = async (signal?: AbortSignal) => (await this.json<{ tags: TagCount[] }>('/v1/tags', { signal })).tags;

  recipes = (signal?: AbortSignal) => this.json<Recipes>('/v1/recipes', { signal });

  readPrompt = (text: string, signal?: AbortSignal) => this.json<Reading>('/v1/prompts:read', { method: 'POST', body: { text }, signal });

  /** `once`: a text of its own for each wish; the same wish sent twice is made once. */
  generate = (body: GenerateRequest, once: string) =>
    this.json<Operation>('/v1/worlds:generate', { method: 'POST', body, headers: { 'Idempotency-Key': once } });

  patchWorld = (id: string, body: PatchRequest) => this.json<World>(`/v1/worlds/${segment(id)}`, { method: 'PATCH', body });

  /** `keepalive`: goes out even while the page is being left. */
  deleteWorld = async (id: string, keepalive = false) => {
    await this.json(`/v1/worlds/${segment(id)}`, { method: 'DELETE', keepalive });
  };

  exportWorld = (id: string, body: ExportRequest) => this.json<Operation>(`/v1/worlds/${segment(id)}:export`, { method: 'POST', body });

  renderWorld = (id: string, body: RenderRequest) => this.json<Operation>(`/v1/worlds/${segment(id)}:render`, { method: 'POST', body });

  operation = (id: string, signal?: AbortSignal) => this.json<Operation>(`/v1/operations/${segment(id)}`, { signal });

  operations = (query: { state?: string; kind?: string; world_id?: string; cursor?: string; page_size?: number }, signal?: AbortSignal) =>
    this.json<OperationPage>(`/v1/operations${queryOf(query)}`, { signal });

  cancel = (operationId: string) => this.json<Operation>(`/v1/operations/${segment(operationId)}:cancel`, { method: 'POST' });

  prepareMedia = (body: PrepareRequest) => this.json<PreparedAsset>('/v1/media-assets:prepare', { method: 'POST', body });

  completeMedia = (id: string) => this.json<MediaAsset>(`/v1/media-assets/${segment(id)}:complete`, { method: 'POST' });

  /**
   * Every step of an operation up to its end. A lost line is taken up again where it broke, for as long as it takes; a refusal
   * (the operation is gone, the key has run out) is thrown. Ends silently when aborted.
   */
  async *events(operationId: string, signal?: AbortSignal): AsyncGenerator<OperationEvent> {
    const path = `/v1/operations/${segment(operationId)}`;
    let lastEventId = '';
    let waitMs = RECONNECT_MS;
    while (!signal?.aborted) {
      const parser = new EventParser(lastEventId);
      try {
        const headers: Record<string, string> = { Accept: 'text/event-stream', ...(lastEventId && { 'Last-Event-ID': lastEventId }) };
        const answer = await this.answered(`${path}/events`, { headers, signal });
        if (answer.status === 204 || !answer.body) {
          yield await this.json<Operation>(path, { signal }); // the end was told already: look it up
          return;
        }
        for await (const told of eventsOf(answer.body, parser)) {
          lastEventId = told.id;
          waitMs = parser.retryMs ?? RECONNECT_MS;
          const event = JSON.parse(told.data) as OperationEvent;
          yield event;
          if (event.done) return;
        }
      } catch (error) {
        if (signal?.aborted) return;
        if (error instanceof Problem && error.status < 500 && error.status !== 429) throw error;
        this.around.heard('unreachable');
      }
      await this.around.pause(waitMs, signal).catch(() => undefined);
      waitMs = Math.min(waitMs * 1.5, LONGEST_RECONNECT_MS);
    }
  }

  private async json<Body>(path: string, call: Call = {}): Promise<Body> {
    const answer = await this.answered(path, call);
    try {
      return (await answer.json()) as Body;
    } catch (error) {
      throw call.signal?.aborted ? error : new Unreachable(error); // it broke off
    }
  }

  private async answered(path: string, call: Call): Promise<Response> {
    const key = this.around.key();
    const headers: Record<string, string> = { Accept: 'application/json', ...call.headers };
    if (key) headers.Authorization = `Bearer ${key}`;
    if (call.body !== undefined) headers['Content-Type'] = 'application/json';
    let answer: Response;
    try {
      answer = await this.around.fetch(path, {
        method: call.method ?? 'GET',
        headers,
        body: call.body === undefined ? undefined : JSON.stringify(call.body),
        signal: call.signal,
        keepalive: call.keepalive,
        cache: 'no-store',
        credentials: 'omit',
      });
    } catch (error) {
      if (call.signal?.aborted) throw error;
      this.around.heard('unreachable');
      throw new Unreachable(error);
    }
    if (answer.ok) {
      this.around.heard('answered');
      return answer;
    }
    // Refused for a key that has been replaced meanwhile: nothing was done, and the new one may be good.
    if (answer.status === 401 && key !== this.around.key()) return this.answered(path, call);
    const problem = await problemOf(answer);
    this.around.heard(problem);
    throw problem;
  }
}

function segment(id: string): string {
  return encodeURIComponent(id);
}

function queryOf(fields: object): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '');
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length ? `?${query}` : '';
}

/** setTimeout as a promise. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      signal?.removeEventListener('abort', broken);
      resolve();
    }
    function broken(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    signal?.addEventListener('abort', broken, { once: true });
  });
}
