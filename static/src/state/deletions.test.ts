/** Tests of deletions that can be taken back. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Deletions } from './deletions.svelte';

const calls = { delete: vi.fn(async () => undefined), failed: vi.fn(), done: vi.fn() };
let deletions: Deletions;

beforeEach(() => {
  vi.useFakeTimers();
  for (const call of Object.values(calls)) call.mockClear();
  calls.delete.mockImplementation(async () => undefined);
  deletions = new Deletions(calls, 8_000);
});
afterEach(() => void vi.useRealTimers());

it('hides at once and deletes later, once', async () => {
  deletions.begin('a');
  deletions.begin('a');
  expect(deletions.hidden.has('a')).toBe(true);
  await vi.advanceTimersByTimeAsync(7_999);
  expect(calls.delete).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(calls.delete.mock.calls).toEqual([['a', false]]);
  expect(calls.done).toHaveBeenCalledWith('a');
  expect(deletions.undo('a')).toBe(false);
});

it('asks nothing of the service when it is taken back', async () => {
  deletions.begin('a');
  expect(deletions.undo('a')).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(calls.delete).not.toHaveBeenCalled();
  expect(deletions.hidden.size).toBe(0);
});

it('deletes at once when the page is left, in a way that outlives it', async () => {
  deletions.begin('a');
  deletions.begin('b');
  deletions.flush();
  expect(calls.delete.mock.calls).toEqual([
    ['a', true],
    ['b', true],
  ]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(calls.delete).toHaveBeenCalledTimes(2);
});

it('shows the world again when it could not be deleted', async () => {
  calls.delete.mockImplementation(async () => Promise.reject(new Error('away')));
  deletions.begin('a');
  await vi.advanceTimersByTimeAsync(8_000);
  expect(deletions.hidden.has('a')).toBe(false);
  expect(calls.failed).toHaveBeenCalledWith('a', expect.any(Error));
});
