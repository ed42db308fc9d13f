/** What went wrong, said to a person: one sentence with the cure. */
import { Problem, Unreachable } from '../api/problem';
import { etaWords } from './time';

/** The sentence for whatever a call threw. */
export function problemWords(error: unknown): string {
  if (error instanceof Unreachable) return 'The service does not answer. Nothing is lost: try again in a moment.';
  if (!(error instanceof Problem)) return 'Something went wrong in this page. Load it again, and it should work.';
  if (error.code === 'key_missing') return 'This service needs a key. Enter yours, then try again.';
  if (error.code === 'key_invalid') return 'The key is unknown here, or has run out. Enter another one, then try again.';
  const words = sentence(error.detail);
  if (error.retryAfterS === null) return words;
  const wait = etaWords(error.retryAfterS);
  return /try again/i.test(words) ? words : `${words} Try again in ${wait}.`;
}

/** The service begins its sentences small and leaves out the full stop, as programs like it. */
export function sentence(detail: string): string {
  const trimmed = detail.trim();
  if (!trimmed) return '';
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?…]$/.test(trimmed) ? '' : '.');
}

/** Why an operation ended without a world, and what helps. */
export function failureWords(error: { code: string; message: string } | null | undefined): string {
  if (!error) return 'It did not work. Try again.';
  if (error.code === 'cancelled') return 'It was stopped before it was finished.';
  const cures: Record<string, string> = {
    out_of_memory: 'Try again with less detail.',
    timed_out: 'Try again with less detail.',
    stalled: 'Try again.',
    worker_crashed: 'Try again, perhaps in other words.',
    internal: 'Try again. If it happens once more, please report it.',
  };
  return [sentence(error.message), cures[error.code] ?? ''].filter(Boolean).join(' ');
}
