/** Words of the viewer: lengths, weights, sizes and what is said of a thing. */
import type { Thing } from './manifest';

const NUMBER = new Intl.NumberFormat('en-GB');

/** "42 cm", "3.42 m", "128 m", "1.3 km". */
export function lengthWords(lengthM: number): string {
  if (lengthM < 0.995) return `${(lengthM * 100).toFixed(lengthM < 0.1 ? 1 : 0)} cm`;
  if (lengthM < 99.95) return `${lengthM.toFixed(lengthM < 9.995 ? 2 : 1)} m`;
  return lengthM < 999.5 ? `${lengthM.toFixed(0)} m` : `${(lengthM / 1000).toFixed(1)} km`;
}

/** "450 g", "12 kg", "5.7 t", "1,219 t". */
export function massWords(massKg: number): string {
  if (massKg < 0.9995) return `${(massKg * 1000).toFixed(0)} g`;
  if (massKg < 999.5) return `${massKg < 9.95 ? massKg.toFixed(1) : massKg.toFixed(0)} kg`;
  const tonnes = massKg / 1000;
  return `${tonnes < 99.5 ? tonnes.toFixed(1) : NUMBER.format(Math.round(tonnes))} t`;
}

/** Width × height × depth: "2.1 × 3.0 × 2.0 m". */
export function sizeWords(sizeM: readonly [number, number, number]): string {
  return `${sizeM.map((side) => (side < 0.95 ? side.toFixed(2) : side.toFixed(1))).join(' × ')} m`;
}

export function countWords(count: number): string {
  return NUMBER.format(count);
}

/** "370 kB", "12.3 MB". */
export function bytesWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  if (bytes < 999_500) return `${Math.round(bytes / 1_000)} kB`;
  return bytes < 999_500_000 ? `${(bytes / 1_000_000).toFixed(bytes < 99_500_000 ? 1 : 0)} MB` : `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

/** What a label says of a thing: "stone wall, 4.0 × 1.1 × 0.60 m, 8.1 t". */
export function thingWords(thing: Thing): string {
  return [thing.label, sizeWords(thing.size_m), thing.body ? massWords(thing.body.mass_kg) : ''].filter(Boolean).join(', ');
}

/** A name for a file, from the world's: "A village square!" → "a-village-square". */
export function fileStem(name: string): string {
  const stem = name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 48)
    .replace(/^-+|-+$/g, '');
  return stem || 'world';
}
