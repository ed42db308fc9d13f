/** Choice: what a visitor points at, chooses, hides and measures. */
import type { Triple } from './engine/pose';
import type { Hit } from './engine/solid';
import type { Box } from './engine/splats';
import { boxOfThing, type Thing } from './manifest';
import type { Visit } from './visit.svelte';

export type Tool = 'look' | 'measure';

export interface Measure {
  from: Triple;
  to: Triple | null;
}

export class Choice {
  tool = $state<Tool>('look');
  hovered = $state.raw<{ thing: Thing; x: number; y: number } | null>(null);
  selected = $state.raw<Thing | null>(null);
  hidden = $state.raw<ReadonlySet<number>>(new Set());
  isolated = $state<number | null>(null);
  measures = $state.raw<readonly Measure[]>([]);

  constructor(private readonly visit: Visit) {}

  /** Whether anything is not shown. */
  get hides(): boolean {
    return this.hidden.size > 0 || this.isolated !== null;
  }

  private thing(thingId: number): Thing | null {
    return this.visit.things.find((thing) => thing.id === thingId) ?? null;
  }

  hover(hit: Hit | null, x: number, y: number): void {
    const thing = hit && this.tool === 'look' ? this.thing(hit.thingId) : null;
    this.hovered = thing && { thing, x, y };
  }

  /** A click, or Enter with what is in the middle. */
  click(hit: Hit | null): void {
    if (this.tool === 'measure') {
      if (hit) this.measure(hit.point);
      else this.visit.say('There is no surface there to measure from.');
      return;
    }
    this.select(hit ? this.thing(hit.thingId) : null);
  }

  clickMiddle(): void {
    this.click(this.visit.engine?.pickMiddle() ?? null);
  }

  select(thing: Thing | null): void {
    this.selected = thing;
    this.hovered = null;
    this.visit.frame += 1;
  }

  boxOf(thing: Thing): Box {
    return this.visit.engine?.boxOf(thing.id) ?? boxOfThing(thing);
  }

  flyTo(thing: Thing): void {
    this.visit.engine?.flyTo(this.boxOf(thing));
  }

  toggleHidden(thing: Thing): void {
    const hidden = new Set(this.hidden);
    if (!hidden.delete(thing.id)) hidden.add(thing.id);
    this.hidden = hidden;
    this.isolated = null;
    this.apply();
    this.visit.say(hidden.has(thing.id) ? `${thing.label} is hidden` : `${thing.label} is shown`);
  }

  toggleIsolated(thing: Thing): void {
    this.isolated = this.isolated === thing.id ? null : thing.id;
    this.hidden = new Set();
    this.apply();
    this.visit.say(this.isolated === null ? 'Everything is shown' : `Only ${thing.label} is shown`);
  }

  showAll(): void {
    this.hidden = new Set();
    this.isolated = null;
    this.apply();
    this.visit.say('Everything is shown');
  }

  isHidden(thingId: number): boolean {
    return this.isolated === null ? this.hidden.has(thingId) : thingId !== this.isolated;
  }

  /** Lets the engine show what is to be shown. */
  apply(): void {
    const named = this.visit.things.filter((thing) => (this.isolated === null ? this.hidden.has(thing.id) : thing.id === this.isolated));
    if (named.length === 0 && !this.visit.engine?.hidesAnything) return;
    const boxes = named.map((thing) => this.boxOf(thing));
    this.visit.engine?.setHidden({ isHidden: (thingId) => this.isHidden(thingId), boxes, only: this.isolated !== null });
  }

  measure(point: Triple): void {
    const last = this.measures.at(-1);
    this.measures =
      last && last.to === null
        ? [...this.measures.slice(0, -1), { from: last.from, to: point }]
        : [...this.measures, { from: point, to: null }];
    this.visit.frame += 1;
  }

  clearMeasures(): void {
    this.measures = [];
    this.visit.frame += 1;
  }
}
