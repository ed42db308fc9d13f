/** Here: where one is, in one line. */
import type { Visit } from './visit.svelte';
import { countWords } from './words';

const SKIES: Readonly<Record<string, string>> = { clear: '' };

/** "village, morning · 17,388 splats": what kind of place it is, and how fine it is just now. */
export function hereWords(visit: Visit): string {
  const facts = visit.facts;
  if (visit.gone) return 'Deleted: this is all there is';
  if (visit.phase.name === 'making') return 'Being made';
  const weather = facts?.weather ? (SKIES[facts.weather] ?? facts.weather) : '';
  const place = [facts?.place, facts?.time_of_day, weather].filter(Boolean).join(', ');
  const splats = visit.level ? `${countWords(visit.level.splats)} splats` : '';
  return [place && place.charAt(0).toUpperCase() + place.slice(1), splats].filter(Boolean).join(' · ');
}

const POINTS = ['north', 'north-west', 'west', 'south-west', 'south', 'south-east', 'east', 'north-east'];

/** Where yaw looks, −z being north: yaw turns left. */
export function compassWords(yawRad: number): string {
  const eighths = Math.round(yawRad / (Math.PI / 4));
  return POINTS[((eighths % 8) + 8) % 8]!;
}
