/** Every key means one thing, and none takes a key that moves the visitor or the browser. */
import { expect, it } from 'vitest';

import { movesCamera } from './engine/controls';
import { SHORTCUTS, shortcutOf } from './shortcuts';

const none = { ctrlKey: false, metaKey: false, altKey: false };

it('no two shortcuts share a key, and none is a key that moves', () => {
  const keys = SHORTCUTS.map((one) => one.code ?? one.key!);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.filter(movesCamera)).toEqual([]);
});

it('letters go by their place, signs by what they are', () => {
  expect(shortcutOf({ code: 'KeyR', key: 'r', ...none })?.words).toBe('Back to the start');
  expect(shortcutOf({ code: 'Minus', key: '?', ...none })?.words).toBe('This sheet');
  expect(shortcutOf({ code: 'Equal', key: '=', ...none })?.words).toBe('Faster');
});

it('the browser keeps its own', () => expect(shortcutOf({ code: 'KeyR', key: 'r', ...none, ctrlKey: true })).toBeNull());
