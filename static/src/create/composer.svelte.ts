/** Composer: the wish as it stands: words, what was understood of them, edits, seed, detail; outlives a look into a world. */
import type { Api, GenerateRequest, Operation, Reading, Recipe, SceneSpec, World } from '../api/client';
import { Problem } from '../api/client';
import { Attachments, filesOf } from './attachments.svelte';
import { edited, isEdited, NO_EDITS, withSetting, withThings, type Edits } from './spec';

export const MOST_CHARACTERS = 2_000;
const QUIET_MS = 350;
const LONGEST_TITLE = 60;

export class Composer {
  text = $state('');
  seed = $state(rolled());
  splats = $state(500_000);
  tier = $state<string | null>(null);
  reading = $state.raw<Reading | null>(null);
  /** missing: the service does not read words beforehand. */
  understanding = $state<'idle' | 'reading' | 'ready' | 'missing' | 'failed'>('idle');
  edits = $state.raw<Edits>(NO_EDITS);
  /** Why the words could not be read. */
  misread = $state.raw<unknown>(null);
  /** All places that there are; known once something was read. */
  places = $state.raw<readonly string[]>([]);
  making = $state(false);
  error = $state.raw<unknown>(null);
  readonly files: Attachments;

  /** A world of before whose spec is taken as long as its words stay. */
  private before: { text: string; reading: Reading } | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private once = { body: '', key: '' };

  constructor(private readonly api: Api) {
    this.files = new Attachments(api);
  }

  get length(): number {
    return [...this.text.trim()].length;
  }

  get isTooLong(): boolean {
    return this.length > MOST_CHARACTERS;
  }

  get canMake(): boolean {
    const { list, isSending, lack } = this.files;
    return (this.length > 0 || list.length > 0) && !this.isTooLong && !this.making && !isSending && !lack;
  }

  /** What will be made; null until the words were read. */
  get spec(): SceneSpec | null {
    return this.reading && edited(this.reading.spec, this.edits);
  }

  get isEdited(): boolean {
    return isEdited(this.edits);
  }

  write(text: string): void {
    this.text = text;
    this.changed();
  }

  /** The words have changed: read them once the person pauses. */
  changed(): void {
    this.error = null;
    this.misread = null;
    if (this.timer) clearTimeout(this.timer);
    if (this.length === 0) {
      this.reading = null;
      this.edits = NO_EDITS;
      if (this.understanding !== 'missing') this.understanding = 'idle';
    } else if (!this.isTooLong && this.understanding !== 'missing') {
      this.timer = setTimeout(() => void this.read(), QUIET_MS);
    }
  }

  /** One reading at a time: when the words have changed meanwhile, they are read again at its end. */
  async read(): Promise<void> {
    if (this.understanding === 'reading') return;
    const text = this.text.trim();
    if (this.before?.text === text) {
      this.understood(this.before.reading, 'ready');
      return;
    }
    this.understanding = 'reading';
    try {
      const reading = await this.api.readPrompt(text);
      if (this.text.trim() === text) this.understood(reading, 'ready');
    } catch (error) {
      const isMissing = error instanceof Problem && (error.status === 404 || error.status === 405);
      if (this.text.trim() === text || isMissing) this.understood(null, isMissing ? 'missing' : 'failed', error);
    }
    if (this.understanding !== 'reading') return;
    this.understanding = 'idle';
    if (this.length > 0 && !this.isTooLong) await this.read();
    else this.changed();
  }

  private understood(reading: Reading | null, understanding: 'ready' | 'missing' | 'failed', error: unknown = null): void {
    this.reading = reading;
    this.understanding = understanding;
    this.misread = error;
    if (reading?.places.length) this.places = reading.places;
  }

  /** Read a few words more, and add the things in them. Gives what nothing was found for, or null when all went well. */
  async addThings(words: string): Promise<string | null> {
    const shown = this.spec;
    if (!shown) return words;
    const { spec } = await this.api.readPrompt(words);
    if (!spec.things.length) return words;
    this.edits = withThings(this.edits, shown, spec.things);
    return null;
  }

  roll(): void {
    this.seed = rolled();
  }

  async make(): Promise<Operation> {
    const body: GenerateRequest = { text: this.text.trim(), seed: this.seed, splats: this.splats, name: titleOf(this.text) };
    const tier = this.tier ?? this.files.tier;
    if (tier) body.tier = tier;
    const spec = this.spec;
    const hasFiles = this.files.list.length > 0;
    if (spec && !hasFiles && (this.isEdited || this.before?.text === body.text)) body.spec = spec;
    Object.assign(body, this.files.body());
    this.making = true;
    this.error = null;
    try {
      const operation = await this.api.generate(body, this.onceFor(body));
      this.roll(); // the next one shall be another
      return operation;
    } catch (error) {
      this.error = error;
      throw error;
    } finally {
      this.making = false;
    }
  }

  /** Take up a world's wish, to change it and make it anew. */
  async takeUp(world: World, recipes: readonly Recipe[] = []): Promise<void> {
    const wish = wishOf(world);
    this.files.takeUp(world, recipes);
    this.text = wish.text ?? '';
    this.seed = wish.seed ?? 0;
    this.splats = wish.splats ?? this.splats;
    this.edits = NO_EDITS;
    this.error = null;
    const { spec } = wish;
    this.before = spec ? { text: this.text.trim(), reading: { spec, unmatched: [...spec.unmatched], notes: [], places: [] } } : null;
    if (this.length > 0) await this.read();
    else this.changed();
  }

  /** The same wish once more after a broken line is the same request: nothing is made twice. */
  private onceFor(body: GenerateRequest): string {
    const words = JSON.stringify(body);
    if (this.once.body !== words) this.once = { body: words, key: newKey() };
    return this.once.key;
  }
}

/** What a world was made from, as far as it is needed to make it again. */
export function wishOf(world: Pick<World, 'prompt'>): GenerateRequest & { spec?: SceneSpec } {
  const { text, seed, splats, spec } = world.prompt as Record<string, unknown>;
  return {
    ...(typeof text === 'string' && { text }),
    ...(typeof seed === 'number' && { seed }),
    ...(typeof splats === 'number' && { splats }),
    ...(typeof spec === 'object' && spec !== null && { spec: spec as SceneSpec }),
    ...filesOf(world),
  };
}

/** The same world again, at another time of day: its own spec, or its words read anew. */
export async function atAnotherTime(api: Api, world: World, time: SceneSpec['time_of_day']): Promise<GenerateRequest> {
  const wish = wishOf(world);
  const spec = wish.spec ?? (await api.readPrompt(wish.text ?? '')).spec;
  return { ...wish, spec: edited(spec, withSetting(NO_EDITS, 'time_of_day', time)) };
}

/** A seed by lot: short, so that people can tell each other; the field takes all that the service takes. */
export function rolled(): number {
  return crypto.getRandomValues(new Uint16Array(1))[0]! % 10_000;
}

/** A name for a world from its words: the beginning, cut between words. */
export function titleOf(text: string): string {
  const words = text.replace(/\s+/g, ' ').trim();
  const title = words.charAt(0).toUpperCase() + words.slice(1).replace(/\.$/, '');
  if (title.length <= LONGEST_TITLE) return title;
  const cut = title.slice(0, LONGEST_TITLE + 1);
  const end = cut.lastIndexOf(' ');
  return `${(end > LONGEST_TITLE / 2 ? cut.slice(0, end) : title.slice(0, LONGEST_TITLE)).replace(/[\s,;:.–-]+$/, '')}…`;
}

/** A text that nobody else has; crypto.randomUUID is not there on plain http. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-');
}
