/** Examples: places of all kinds, to begin with and to be surprised by. */

export const EXAMPLES = [
  'A misty pine forest with a log cabin beside a lake at dawn',
  'A fishing boat on a beach at sunset, beside a leaning palm',
  'A cosy living room with a red armchair by the fireplace, on a winter evening',
  'A village square in the rain, with a fountain and a market stall',
  'A desert at golden hour with three cacti and an old truck',
  'An alien planet at night with glowing mushrooms and a rover',
  'A snowfield with an igloo and two sledges under a clear night sky',
  'A meadow in spring with a windmill, sheep and a wooden fence',
  'A city street at dusk with a tram, street lamps and a parked bicycle',
  'A mountain lake in autumn with a dock and a rowing boat',
  'A farmhouse kitchen in the morning with a long table and six chairs',
  'A workshop with a workbench, a toolbox and an anvil',
  'A beach in a storm with a lighthouse on the rocks',
  'A bedroom at night with a double bed, bookshelves and a lit table lamp',
  'A castle on a hill above a village, in the fog of an autumn morning',
  'An oak in a flowering meadow, with a swing and a picnic table',
] as const;

/** `count` of them from `start` on, round and round. */
export function examplesFrom(start: number, count: number): string[] {
  return Array.from({ length: count }, (_, step) => EXAMPLES[(start + step) % EXAMPLES.length]!);
}
