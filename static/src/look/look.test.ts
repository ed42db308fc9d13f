/** Tests of the look: the contrast of every pair of colours that words and controls are made of, in both themes. */
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

const CSS = readFileSync(new URL('./tokens.css', import.meta.url), 'utf-8');

function token(name: string, theme: 'light' | 'dark'): string {
  const value = new RegExp(`--${name}:\\s*([^;]+);`).exec(CSS)?.[1]?.trim();
  if (!value) throw new Error(`there is no token ${name}`);
  const both = /^light-dark\((#\w+), (#\w+)\)$/.exec(value);
  return both ? both[theme === 'light' ? 1 : 2]! : value;
}

/** Red, green, blue in 0 … 1 of #rrggbb, or of rgb(r g b / a) laid on `ground`. */
function rgb(colour: string, ground: readonly number[] = [0, 0, 0]): number[] {
  const hex = /^#(..)(..)(..)$/.exec(colour);
  if (hex) return hex.slice(1).map((part) => Number.parseInt(part, 16) / 255);
  const mixed = /^rgb\((\d+) (\d+) (\d+) \/ ([\d.]+)\)$/.exec(colour);
  if (!mixed) throw new Error(`${colour} is no colour that this test knows`);
  const alpha = Number(mixed[4]);
  return mixed.slice(1, 4).map((part, at) => (Number(part) / 255) * alpha + ground[at]! * (1 - alpha));
}

/** Relative luminance as WCAG 2.2 defines it. */
function luminance(colour: readonly number[]): number {
  const [red, green, blue] = colour.map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)) as [
    number,
    number,
    number,
  ];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: readonly number[], other: readonly number[]): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const TEXT = 4.5;
const CONTROL = 3;
const PAIRS: readonly [string, string, number][] = [
  ...['paper', 'card', 'sunk'].flatMap((ground): [string, string, number][] => [
    ['ink', ground, TEXT],
    ['soft', ground, TEXT],
    ['accent', ground, TEXT],
    ['danger', ground, TEXT],
    ['edge', ground, CONTROL],
  ]),
  ['accent', 'wash', TEXT],
  ['on-accent', 'accent', TEXT],
  ['on-accent', 'accent-strong', TEXT],
  ['danger', 'danger-wash', TEXT],
  ['warning', 'warning-wash', TEXT],
];

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  it.each(PAIRS)('%s on %s', (front, ground, least) => {
    expect(contrast(rgb(token(front, theme)), rgb(token(ground, theme)))).toBeGreaterThanOrEqual(least);
  });
});

describe('panels on a picture', () => {
  it('can be read on the brightest of skies', () => {
    const white = [1, 1, 1];
    for (const veil of ['veil', 'veil-strong']) {
      const ground = rgb(token(veil, 'light'), white);
      for (const front of ['veil-ink', 'veil-soft', 'veil-accent', 'veil-danger']) {
        expect(contrast(rgb(token(front, 'light')), ground), `${front} on ${veil}`).toBeGreaterThanOrEqual(TEXT);
      }
    }
  });
});
