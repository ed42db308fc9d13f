/** A visit: one world from its address to the last splat, whatever comes in between; the panels look at this and act through it. */
import { type Api, Problem, type World } from '../api/client';
import { filesOf } from '../create/attachments.svelte';
import { router, worldPath } from '../router.svelte';
import { failureWords, problemWords } from '../words/problems';
import { Choice } from './choice.svelte';
import { BrokenLine, DamagedFile, download, LostFile, unzipped } from './engine/download';
import type { Engine, EngineEvents } from './engine/engine';
import { readGlb } from './engine/glb';
import { type Detail, type Level, levelsOf, plan } from './engine/levels';
import type { View } from './engine/meshview';
import type { Mode } from './engine/motion';
import { pathOf } from './engine/path';
import { Film } from './film.svelte';
import { eyeHeightOf, type Facts, type Manifest, spawnOf, type Thing } from './manifest';
import type { Panel, Phase, Trouble } from './phases';
import { kept, keep } from './settings';

const LOOK_AGAIN_MS = 20_000;
const MOST_LOST = 3;

export class Visit {
  phase = $state.raw<Phase>({ name: 'finding' });
  trouble = $state.raw<Trouble | null>(null);
  world = $state.raw<World | null>(null);
  things = $state.raw<readonly Thing[]>([]);
  /** It was deleted while somebody was in it: what is on the screen is all there is. */
  gone = $state(false);
  /** The first splats are on the screen. */
  seen = $state(false);
  /** What is being fetched, and the share that is here. */
  fetching = $state.raw<{ what: 'world' | 'detail' | 'ground' | 'wires'; share: number } | null>(null);
  level = $state.raw<Level | null>(null);
  detail = $state<Detail>(kept('detail', ['auto', 'light', 'full'], 'auto'));
  /** A new canvas is needed, for the old one has lost its card. */
  canvasNumber = $state(0);
  notice = $state.raw<{ words: string; number: number } | null>(null);

  engine = $state.raw<Engine | null>(null);
  mode = $state<Mode>('walk');
  speed = $state(1);
  wideDeg = $state(75);
  locked = $state(false);
  playing = $state(false);
  panel = $state<Panel | null>(null);
  view = $state<View>('picture');
  axes = $state(false);
  statistics = $state(kept('statistics', ['on', 'off'], 'off') === 'on');
  /** Counts frames, so that marks over the picture follow it. */
  frame = $state(0);

  readonly choice = new Choice(this);
  readonly film = new Film(this);
  private readonly stops = new AbortController();
  private loading: AbortController | null = null;
  private canvas: HTMLCanvasElement | null = null;
  private wireMeshes: ReturnType<typeof readGlb> | null = null;
  private readonly early = new Map<string, Promise<ArrayBuffer>>();
  private lostCount = 0;
  private readonly engineModule = import('./engine/engine');
  readonly headset = this.engineModule.then(({ hasHeadset }) => hasHeadset());

  constructor(
    readonly worldId: string,
    readonly api: Api,
  ) {
    void this.find();
    void this.watch();
  }

  get facts(): Facts | null {
    return (this.world?.facts ?? null) as Facts | null;
  }

  get isOpen(): boolean {
    return this.phase.name === 'open';
  }

  say(words: string): void {
    this.notice = { words, number: (this.notice?.number ?? 0) + 1 };
  }

  leave(): void {
    this.stops.abort();
    this.loading?.abort();
    this.engine?.dispose();
    this.engine = null;
  }

  // -- finding the world ------------------------------------------------------------------------------------------------------------

  /** Looks the world up, and goes on from what it is. */
  async find(): Promise<void> {
    try {
      const world = await this.api.world(this.worldId, this.stops.signal);
      this.world = world;
      if (world.camera_path) this.film.path = pathOf(world.camera_path);
      if (world.state === 'SUCCEEDED') {
        this.fetchEarly(world);
        return await this.open();
      }
      if (world.state === 'FAILED' || world.state === 'CANCELLED') return await this.explain(world);
      await this.accompany(world);
    } catch (error) {
      if (this.stops.signal.aborted) return;
      if (error instanceof Problem && error.status === 404) this.vanished();
      else if (!this.seen) this.phase = { name: 'refused', words: problemWords(error) };
    }
  }

  private vanished(): void {
    if (this.seen) this.gone = true;
    else this.phase = { name: 'missing' };
  }

  private async explain(world: World): Promise<void> {
    const operation = await this.api.operation(world.operation_id, this.stops.signal);
    this.phase = { name: 'failed', words: failureWords(operation.error), cancelled: world.state === 'CANCELLED' };
  }

  /** Stays with a world while it is made: its coarse splats as soon as there are some, then all of them in their place. */
  private async accompany(world: World): Promise<void> {
    this.phase = { name: 'making', operation: null, seen: this.seen };
    let shown = '';
    if (world.preview_url) void this.preview((shown = world.preview_url));
    for await (const event of this.api.events(world.operation_id, this.stops.signal)) {
      this.phase = { name: 'making', operation: event, seen: this.seen };
      const url = event.preview_url;
      // A link is signed anew each time; what it leads to stays the same.
      if (url && url.split('?')[0] !== shown.split('?')[0]) void this.preview((shown = url));
      if (event.done) return await this.find();
    }
  }

  private async preview(url: string): Promise<void> {
    try {
      const splats = await download({ url, bytes: null }, this.stops.signal);
      const engine = await this.ready();
      if (this.phase.name !== 'making') return;
      await engine.show({ splats, things: null, exact: false });
      this.seen = true;
      if (this.phase.name === 'making') this.phase = { ...this.phase, seen: true };
    } catch {
      // The whole world follows; a look at it before is a courtesy.
    }
  }

  async cancel(): Promise<void> {
    if (!this.world) return;
    await this.attempt(() => this.api.cancel(this.world!.operation_id));
  }

  // -- the canvas -------------------------------------------------------------------------------------------------------------------

  /** Gives the visit a canvas to draw on; called anew when the card was lost. */
  async attach(canvas: HTMLCanvasElement): Promise<void> {
    this.canvas = canvas;
    const { Engine } = await this.engineModule;
    if (this.canvas !== canvas || this.stops.signal.aborted) return;
    const before = this.engine;
    try {
      this.engine = new Engine(canvas, spawnOf(this.facts), eyeHeightOf(this.facts), this.hears());
    } catch {
      this.engine = null;
      this.trouble = { kind: 'graphics', words: '' };
      return;
    }
    if (before) this.engine.resume(before.motion.mode, before.motion.pose);
    this.view = 'picture';
    this.sync();
    if (this.phase.name === 'open' || this.phase.name === 'opening') await this.open();
  }

  private async ready(): Promise<Engine> {
    while (!this.engine) {
      if (this.stops.signal.aborted || this.trouble?.kind === 'graphics') throw new Error('there is no canvas');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.engine;
  }

  private hears(): EngineEvents {
    return {
      drawn: () => (this.frame += 1),
      changed: () => this.sync(),
      hovered: (hit, x, y) => this.choice.hover(hit, x, y),
      clicked: (hit) => this.choice.click(hit),
      fellOut: () => this.say('You fell out of the world. You are back where you started.'),
      lost: () => this.lost(),
    };
  }

  private sync(): void {
    if (!this.engine) return;
    this.mode = this.engine.motion.mode;
    this.speed = this.engine.motion.speed;
    this.wideDeg = this.engine.wideDeg;
    this.locked = this.engine.isLocked;
    this.playing = this.engine.isPlaying;
  }

  /** The card was taken away: begin again on a new canvas; when that happens again and again, ask first. */
  private lost(): void {
    this.lostCount += 1;
    this.trouble = { kind: 'lost', words: '' };
    this.loading?.abort();
    if (this.lostCount <= MOST_LOST) setTimeout(() => this.restore(), 400 * this.lostCount);
  }

  restore(): void {
    if (this.stops.signal.aborted) return;
    this.trouble = null;
    const before = this.engine;
    this.canvasNumber += 1;
    before?.dispose();
  }

  // -- loading ----------------------------------------------------------------------------------------------------------------------

  /** Loads the files of a finished world, what one sees first. */
  private async open(): Promise<void> {
    const world = this.world!;
    this.trouble = null;
    this.loading?.abort();
    const loading = (this.loading = new AbortController());
    if (this.phase.name !== 'open') this.phase = { name: 'opening' };
    const engine = await this.ready();
    engine.setSpawn(spawnOf(this.facts));
    void this.learn(world, loading.signal);
    const [first, best] = plan(levelsOf(world.files, this.facts?.splat_count ?? 0), engine.device, this.detail);
    if (!first) return void (this.trouble = { kind: 'damaged', words: 'This world has no splats.' });
    if (!(await this.tried(() => this.load(engine, first, 'world', loading.signal), loading.signal))) return;
    this.seen = true;
    this.fetching = { what: 'ground', share: 0 };
    this.phase = { name: 'open' };
    const solid = await this.ground(loading.signal);
    this.fetching = best ? { what: 'detail', share: 0 } : null;
    await Promise.all([this.stand(engine, solid, loading.signal), best && this.refine(engine, best, loading.signal)]);
    if (!loading.signal.aborted) this.fetching = null;
  }

  private async load(engine: Engine, level: Level, what: 'world' | 'detail', signal: AbortSignal): Promise<void> {
    const [splats, things] = await Promise.all([
      this.file(level.file, signal, (share) => (this.fetching = { what, share })),
      level.thingsFile ? this.file(level.thingsFile, signal).then(unzipped) : null,
    ]);
    const exact = engine.device.kind === 'desktop';
    await engine.show({ splats, things: things && new Uint16Array(things), exact });
    if (!signal.aborted) this.level = level;
  }

  private async refine(engine: Engine, level: Level, signal: AbortSignal): Promise<void> {
    try {
      await this.load(engine, level, 'detail', signal);
    } catch {
      if (!signal.aborted) this.say('The finer detail could not be loaded. You see the coarser one.');
    }
  }

  /** The collider, or null where it could not be loaded. */
  private ground(signal: AbortSignal): Promise<ArrayBuffer | null> {
    return this.file('collider.glb', signal, (share) => (this.fetching = { what: 'ground', share })).catch(() => null);
  }

  /** Puts the visitor on the ground. */
  private async stand(engine: Engine, collider: ArrayBuffer | null, signal: AbortSignal): Promise<void> {
    try {
      if (!collider) throw new LostFile(404);
      await engine.setSolid(readGlb(collider));
      this.choice.apply();
    } catch {
      if (signal.aborted) return;
      this.say('What is solid could not be loaded, so there is nothing to walk on: you are flying.');
      engine.setMode('fly');
    }
  }

  private async learn(world: World, signal: AbortSignal): Promise<void> {
    try {
      const manifest = JSON.parse(new TextDecoder().decode(await this.file('world.json', signal))) as Manifest;
      if (this.world?.id === world.id) this.things = manifest.things;
    } catch {
      if (!signal.aborted) this.say('What is in this world could not be loaded. You can look around all the same.');
    }
  }

  /** What is seen first comes while the engine is still being unpacked. */
  private fetchEarly(world: World): void {
    const [first] = levelsOf(world.files, this.facts?.splat_count ?? 0);
    if (!first || this.seen) return;
    for (const name of [first.file, ...(first.thingsFile ? [first.thingsFile] : [])]) {
      const coming = this.file(name, this.stops.signal, (share) => name === first.file && (this.fetching = { what: 'world', share }));
      coming.catch(() => undefined); // told to whoever asks for it
      this.early.set(name, coming);
    }
  }

  private async file(name: string, signal: AbortSignal, told: (share: number) => void = () => undefined): Promise<ArrayBuffer> {
    const early = this.early.get(name);
    this.early.delete(name);
    if (early) return early;
    const file = this.world?.files[name];
    if (!file) throw new LostFile(404);
    return download({ url: file.url, bytes: file.bytes }, signal, (bytes) => told(bytes / file.bytes));
  }

  /** Does what the picture depends on, and says what is in the way of it; false when something is. */
  private async tried(act: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
    try {
      await act();
      return !signal.aborted;
    } catch (error) {
      if (signal.aborted) return false;
      this.fetching = null;
      if (error instanceof LostFile && !(await this.exists())) return false;
      if (error instanceof DamagedFile) this.trouble = { kind: 'damaged', words: error.what };
      else this.trouble = { kind: 'broken', words: error instanceof BrokenLine || error instanceof LostFile ? '' : String(error) };
      return false;
    }
  }

  /** Asks for the world afresh, with new links; says so where it is gone. */
  private async exists(): Promise<boolean> {
    try {
      this.world = await this.api.world(this.worldId, this.stops.signal);
      return true;
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404)) return true;
      this.vanished();
      return false;
    }
  }

  /** Tries again what did not work. */
  async retry(): Promise<void> {
    this.trouble = null;
    this.phase = { name: 'finding' };
    if (!this.engine) this.canvasNumber += 1;
    await this.find();
  }

  setDetail(detail: Detail): void {
    this.detail = detail;
    keep('detail', detail);
    if (this.isOpen) void this.open();
  }

  /** Looks now and then whether the world is still there, while somebody looks at it. */
  private async watch(): Promise<void> {
    while (!this.stops.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      if (document.hidden || !this.isOpen || this.gone || this.stops.signal.aborted) continue;
      await this.look();
    }
  }

  async look(): Promise<void> {
    if (!this.isOpen || this.gone) return;
    await this.api.world(this.worldId, this.stops.signal).catch((error: unknown) => {
      if (error instanceof Problem && error.status === 404) this.vanished();
    });
  }

  // -- views ------------------------------------------------------------------------------------------------------------------------

  async setView(view: View): Promise<void> {
    const engine = this.engine;
    if (!engine) return;
    if (view === 'wires' && !this.wireMeshes) {
      const signal = this.loading?.signal ?? this.stops.signal;
      try {
        this.wireMeshes = readGlb(await this.file('scene.glb', signal, (share) => (this.fetching = { what: 'wires', share })));
      } catch {
        if (!signal.aborted) this.say('The meshes could not be loaded.');
        return;
      } finally {
        this.fetching = null;
      }
    }
    this.view = view;
    engine.setView(view, view === 'wires' ? this.wireMeshes! : engine.solidMeshes);
  }

  setStatistics(on: boolean): void {
    this.statistics = on;
    keep('statistics', on ? 'on' : 'off');
  }

  toggleFullscreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void document.documentElement.requestFullscreen().catch(() => this.say('This browser does not show pages in full screen.'));
  }

  /** Makes what failed once more, and goes to it. */
  async remake(): Promise<void> {
    const prompt = this.world?.prompt as Parameters<Api['generate']>[0] | undefined;
    if (!prompt) return;
    const { text, seed, splats, spec } = prompt;
    const wish = { text, seed, ...(splats && { splats }), ...(spec && { spec }), ...filesOf({ prompt }), name: this.world?.name };
    const operation = await this.attempt(() => this.api.generate(wish, crypto.randomUUID()));
    if (operation?.world_id) router.go(worldPath(operation.world_id));
  }

  // -- the service ------------------------------------------------------------------------------------------------------------------

  /** Asks the service for something; says what went wrong, and gives null then. */
  async attempt<Answer>(ask: () => Promise<Answer>): Promise<Answer | null> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Problem && error.status === 404) this.vanished();
      this.say(this.gone ? 'This world was deleted.' : problemWords(error));
      return null;
    }
  }
}
