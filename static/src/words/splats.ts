/** Numbers of splats in words. */

/** 19831 → "20 thousand", 1500000 → "1.5 million". */
export function splatWords(count: number): string {
  if (count < 1_000) return String(count);
  if (count < 999_500) return `${Math.round(count / 1_000)} thousand`;
  return `${Number((count / 1_000_000).toFixed(1))} million`;
}

/** The budgets that the studio offers, as far as the service makes them. */
export const BUDGETS = [
  { name: 'Draft', splats: 100_000, note: 'there in seconds' },
  { name: 'Standard', splats: 500_000, note: 'good on most screens' },
  { name: 'Full', splats: 1_000_000, note: 'the finest detail' },
] as const;
