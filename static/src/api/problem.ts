/** What can go wrong with a call: the service refuses it (Problem), or does not answer (Unreachable). */
import type { FieldError } from './types';

/** A refusal as RFC 9457 describes it. `detail` is one sentence for people; `retryAfterS`: when it is worth another try. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
    readonly retryAfterS: number | null = null,
    readonly requestId: string | null = null,
  ) {
    super(detail);
    this.name = 'Problem';
  }
}

/** Nobody answered: the line is down, the service is not running, or the answer broke off. */
export class Unreachable extends Error {
  constructor(cause?: unknown) {
    super('the service does not answer', { cause });
    this.name = 'Unreachable';
  }
}

/** The problem that an answer holds. Answers of proxies that are no problem documents become one by their status. */
export async function problemOf(answer: Response): Promise<Problem> {
  let body: Record<string, unknown> = {};
  try {
    const read: unknown = await answer.json();
    if (typeof read === 'object' && read !== null) body = read as Record<string, unknown>;
  } catch {
    // the status says enough
  }
  const text = (name: string, otherwise: string) => (typeof body[name] === 'string' ? (body[name] as string) : otherwise);
  const retryAfterS = Number.parseInt(answer.headers.get('Retry-After') ?? '', 10);
  return new Problem(
    answer.status,
    text('code', answer.status >= 500 ? 'internal' : 'bad_request'),
    text('title', answer.statusText || `Status ${answer.status}`),
    text('detail', `the service answered with status ${answer.status}`),
    Array.isArray(body.errors) ? (body.errors as FieldError[]) : [],
    Number.isFinite(retryAfterS) ? retryAfterS : null,
    text('request_id', '') || null,
  );
}
