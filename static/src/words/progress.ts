/** Progress in people's words. */
import type { Operation, OperationEvent } from '../api/types';
import { etaWords } from './time';

const PHASES: Record<string, string> = {
  starting: 'Starting',
  read: 'Reading your words',
  arrange: 'Finding a place for everything',
  build: 'Building',
  sample: 'Covering every surface with splats',
  light: 'Letting the light in',
  finish: 'Tidying up',
  save: 'Saving',
  publish: 'Saving',
  export: 'Writing the file',
  render: 'Taking the picture',
  film: 'Filming',
  done: 'Ready',
};

/** What is being done: "Letting the light in". Phases of recipes that are newer than this page speak for themselves. */
export function phaseWords(operation: Pick<Operation | OperationEvent, 'state' | 'progress'>): string {
  const { state, progress } = operation;
  if (state === 'CANCELLING') return 'Stopping';
  if (state === 'CANCELLED') return 'Stopped';
  if (state === 'FAILED') return 'Did not work';
  if (state === 'SUCCEEDED') return 'Ready';
  if (state === 'QUEUED') return waitingWords(progress.queue_position ?? null);
  return PHASES[progress.phase] ?? (progress.phase ? `Working: ${progress.phase}` : 'Starting');
}

function waitingWords(place: number | null): string {
  if (place === null) return 'Waiting to begin';
  if (place <= 1) return 'Next in line';
  return place === 2 ? 'Waiting: one world is before this' : `Waiting: ${(place - 1).toLocaleString('en-GB')} worlds are before this`;
}

/** What is left: "about 8 seconds left"; nothing while nobody can know, and no "moment" at the beginning: what was made before misled. */
export function leftWords(operation: Pick<Operation | OperationEvent, 'state' | 'progress'>): string {
  if (operation.state !== 'QUEUED' && operation.state !== 'RUNNING') return '';
  const { eta_s: etaS, fraction } = operation.progress;
  if (etaS !== null && etaS !== undefined && etaS < 2 && fraction < 0.8) return '';
  const words = etaWords(etaS ?? null);
  return words && `${words} left`;
}
