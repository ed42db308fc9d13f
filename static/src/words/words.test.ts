/** Tests of words: times, progress, problems, numbers. */
import { describe, expect, it } from 'vitest';

import { Problem, Unreachable } from '../api/problem';
import type { Operation } from '../api/types';
import { failureWords, problemWords, sentence } from './problems';
import { leftWords, phaseWords } from './progress';
import { splatWords } from './splats';
import { etaWords, sinceWords } from './time';

describe('etaWords', () => {
  it.each([
    [null, ''],
    [Number.NaN, ''],
    [0.4, 'a moment'],
    [8.4, 'about 9 seconds'],
    [10.1, 'about 15 seconds'],
    [55, 'about 55 seconds'],
    [56, 'about a minute'],
    [91, 'about 2 minutes'],
    [3_000, 'about 50 minutes'],
    [3_400, 'about an hour'],
    [7_300, 'about 3 hours'],
  ])('%s s', (seconds, words) => expect(etaWords(seconds)).toBe(words));

  it('never promises less than it takes', () => {
    for (let seconds = 2; seconds <= 3_300; seconds += 0.7) {
      const [, count, unit] = /(\d+|an?) (second|minute)/.exec(etaWords(seconds))!;
      const promisedS = (count === 'a' ? 1.5 : Number(count)) * (unit === 'minute' ? 60 : 1);
      expect(promisedS).toBeGreaterThanOrEqual(seconds - 1e-9);
    }
  });
});

describe('sinceWords', () => {
  const now = Date.parse('2026-11-25T12:00:00Z');
  it.each([
    ['2026-11-25T11:59:30Z', 'just now'],
    ['2026-11-25T12:00:05Z', 'just now'],
    ['2026-11-25T11:58:59Z', '1 minute ago'],
    ['2026-11-25T09:00:00Z', '3 hours ago'],
    ['2026-11-20T12:00:00Z', '5 days ago'],
    ['2026-05-03T12:00:00Z', '3 May'],
    ['2025-05-03T12:00:00Z', '3 May 2025'],
    ['never', ''],
  ])('%s', (moment, words) => expect(sinceWords(moment, now)).toBe(words));
});

describe('progress', () => {
  const at = (state: Operation['state'], phase = '', place: number | null = null, etaS: number | null = null) => ({
    state,
    progress: { phase, fraction: 0.5, note: '', queue_position: place, eta_s: etaS },
  });

  it('is said in words', () => {
    expect(phaseWords(at('RUNNING', 'light'))).toBe('Letting the light in');
    expect(phaseWords(at('RUNNING', 'dream'))).toBe('Working: dream');
    expect(phaseWords(at('QUEUED', '', 1))).toBe('Next in line');
    expect(phaseWords(at('QUEUED', '', 2))).toBe('Waiting: one world is before this');
    expect(phaseWords(at('QUEUED', '', 1_500))).toBe('Waiting: 1,499 worlds are before this');
    expect(phaseWords(at('CANCELLING', 'light'))).toBe('Stopping');
  });

  it('says what is left only while there is something left', () => {
    expect(leftWords(at('RUNNING', 'light', null, 8.4))).toBe('about 9 seconds left');
    expect(leftWords(at('RUNNING', 'light'))).toBe('');
    expect(leftWords(at('SUCCEEDED', 'done', null, 3))).toBe('');
  });
});

describe('problems', () => {
  it('become sentences with a cure', () => {
    expect(sentence('the text is empty: write something')).toBe('The text is empty: write something.');
    expect(sentence('')).toBe('');
    expect(problemWords(new Unreachable())).toMatch(/does not answer.*try again/);
    expect(problemWords(new Problem(401, 'key_invalid', '', 'no'))).toMatch(/key/);
    const limited = new Problem(429, 'rate_limited', '', 'too many worlds were begun', [], 30);
    expect(problemWords(limited)).toBe('Too many worlds were begun. Try again in about 30 seconds.');
    expect(problemWords(new Problem(507, 'disk_full', '', 'the disk is full: free some space', [], 60))).toMatch(
      /Try again in about a minute/,
    );
    expect(problemWords(new Problem(503, 'x', '', 'it is away: try again in a moment', [], 5))).toBe('It is away: try again in a moment.');
    expect(problemWords(new TypeError('x is undefined'))).not.toContain('undefined');
  });

  it('of operations say what helps', () => {
    expect(failureWords({ code: 'out_of_memory', message: 'the worker had too little memory' })).toBe(
      'The worker had too little memory. Try again with less detail.',
    );
    expect(failureWords({ code: 'cancelled', message: 'x' })).toMatch(/stopped/);
    expect(failureWords(null)).toMatch(/Try again/);
  });
});

it.each([
  [999, '999'],
  [19_831, '20 thousand'],
  [999_499, '999 thousand'],
  [999_500, '1 million'],
  [1_460_000, '1.5 million'],
])('%d splats', (count, words) => expect(splatWords(count)).toBe(words));
