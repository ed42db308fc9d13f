/** Lengths, weights and labels as people read them. */
import { expect, it } from 'vitest';

import { bytesWords, fileStem, lengthWords, massWords, sizeWords, thingWords } from './words';

it('lengths', () => {
  expect([0.034, 0.42, 0.999, 3.4159, 9.999, 42.04, 128.3, 1_300].map(lengthWords)).toEqual([
    '3.4 cm', '42 cm', '1.00 m', '3.42 m', '10.0 m', '42.0 m', '128 m', '1.3 km',
  ]);
});

it('weights', () => {
  expect([0.45, 0.9996, 7.25, 299.6, 5679.4, 99_600, 1_219_409].map(massWords)).toEqual([
    '450 g', '1.0 kg', '7.3 kg', '300 kg', '5.7 t', '100 t', '1,219 t',
  ]);
});

it('sizes', () => expect(sizeWords([4, 1.149, 0.6])).toBe('4.0 × 1.1 × 0.60 m'));

it('bytes', () => {
  const bytes = [512, 37_214, 999_600, 18_799_256, 484_000_000];
  expect(bytes.map(bytesWords)).toEqual(['512 bytes', '37 kB', '1.0 MB', '18.8 MB', '484 MB']);
});

it('a thing in one line', () => {
  const position: [number, number, number] = [0, 0, 0];
  const thing = { id: 6, kind: 'stone wall', label: 'stone wall', phrase: '', position, splats: 297 };
  const body = { mass_kg: 8100.57, dynamic: false };
  expect(thingWords({ ...thing, size_m: [4, 1.15, 0.6], body })).toBe('stone wall, 4.0 × 1.1 × 0.60 m, 8.1 t');
  expect(thingWords({ ...thing, size_m: [4, 1.15, 0.6], body: null })).toBe('stone wall, 4.0 × 1.1 × 0.60 m');
});

it('names of files', () => {
  expect(fileStem('A village square, at Dusk!')).toBe('a-village-square-at-dusk');
  expect(fileStem('<b>Zürich</b>')).toBe('b-zu-rich-b');
  expect(fileStem('世界')).toBe('world');
});
