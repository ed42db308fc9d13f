/** Phases: where a visit stands, what keeps it from going on, and what lies open beside it. */
import type { Operation, OperationEvent } from '../api/types';

/** Where the visit stands. */
export type Phase =
  | { name: 'finding' }
  | { name: 'missing' }
  | { name: 'refused'; words: string }
  | { name: 'making'; operation: Operation | OperationEvent | null; seen: boolean }
  | { name: 'failed'; words: string; cancelled: boolean }
  | { name: 'opening' }
  | { name: 'open' };

/** What keeps the picture from being shown, and what can be done. */
export interface Trouble {
  kind: 'graphics' | 'lost' | 'damaged' | 'broken';
  words: string;
}

export type Panel = 'things' | 'film' | 'export' | 'share' | 'view' | 'help';
