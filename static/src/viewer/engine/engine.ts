/** The engine: a world on a canvas, its splats and its solids, and one visitor in it. Knows nothing of pages, panels or the API. */
import { panorama, picture } from './capture';
import { isStill, nextSpeed } from './controls';
import { cardName, deviceOf } from './device';
import type { SolidMesh } from './glb';
import { Headset } from './headset';
export { hasHeadset } from './headset';
import { Input } from './input';
import type { Device } from './levels';
import type { Lens } from './marks';
import { BEHIND, MeshView, type View } from './meshview';
import { type Mode, Motion, viewOf } from './motion';
import type { Curve } from './path';
import { forwardOf, plus, type Pose, type Triple } from './pose';
import { type Hit, Solid } from './solid';
import { type Box, joined, Layer, type LayerFiles, Splats } from './splats';
import { type Ray, Stage, WIDE_DEG } from './stage';
import { firstHit, Seen } from './surface';

export interface EngineEvents {
  /** A frame is on the canvas: marks over it must follow. */
  drawn(): void;
  /** Mode, speed, pointer lock or the like has changed. */
  changed(): void;
  hovered(hit: Hit | null, x: number, y: number): void;
  clicked(hit: Hit | null): void;
  fellOut(): void;
  lost(): void;
}

/** Which things are not shown. */
export interface Hidden {
  isHidden: (thingId: number) => boolean;
  /** Where their splats are, for worlds that do not tell each splat's thing; with `only`, everything outside is hidden. */
  boxes: readonly Box[];
  only: boolean;
}

export interface Statistics {
  framesPerSecond: number | null;
  splats: number;
  memoryBytes: number;
  resolution: number;
  card: string;
}

const HOVER_EVERY_MS = 70;
const PAD_EVERY_MS = 40;
/** Between two drags of one movement. */
const TURNING_MS = 200;
const TURNING_FRAMES = 4;
const QUICK_TO_LOOK_THROUGH = 160_000;
const ORBIT_AHEAD_M = 6;
const NOTHING_HIDDEN: Hidden = { isHidden: () => false, boxes: [], only: false };

interface Playing {
  curve: Curve;
  timeS: number;
  told: (timeS: number) => void;
  ended: () => void;
}

export class Engine {
  readonly device: Device;
  readonly motion: Motion;
  private readonly stage: Stage;
  private readonly input: Input;
  private readonly splats: Splats;
  private readonly stops = new AbortController();
  private seen: Seen | null = null;
  private solid: Solid | null = null;
  private meshes: MeshView | null = null;
  private view: View = 'picture';
  private hidden: Hidden = NOTHING_HIDDEN;
  private playing: Playing | null = null;
  private hoverTimer = 0;
  private inHeadset = false;
  /** When the picture was last dragged. */
  private turnedAt = -Infinity;
  private turnFrames = 0;

  /** Throws NoGraphics. */
  constructor(
    canvas: HTMLCanvasElement,
    spawn: Pose,
    private readonly eyeHeightM: number,
    private readonly events: EngineEvents,
  ) {
    this.stage = new Stage(canvas, { tick: (seconds) => this.tick(seconds), drawn: () => events.drawn(), lost: () => events.lost() });
    this.device = deviceOf(this.stage.renderer);
    this.splats = new Splats(this.stage);
    this.motion = new Motion(spawn, eyeHeightM, { fellOut: () => events.fellOut() });
    this.motion.reduced = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.input = new Input(canvas, {
      woken: () => this.stage.wake(),
      look: (right, down) => this.turn(() => this.motion.look(right, down)),
      pan: (right, down) => this.turn(() => this.panned(right, down)),
      dolly: (share) => this.turn(() => this.motion.dolly(share)),
      wheel: (steps) => this.wheeled(steps),
      hover: (x, y) => this.hoverSoon(x, y),
      left: () => this.hoverSoon(-1, -1),
      click: (x, y) => events.clicked(this.pick(x, y)),
      lockChanged: () => events.changed(),
    });
    this.stage.place(spawn);
  }

  // -- what is shown ----------------------------------------------------------------------------------------------------------------

  /** Puts these splats in the place of those that are seen. Throws DamagedFile. */
  async show(files: LayerFiles): Promise<void> {
    const layer = await Layer.load(files);
    if (this.stops.signal.aborted) return layer.dispose();
    layer.mesh.opacity = BEHIND[this.view];
    if (this.hidesAnything) {
      this.lookThrough(layer); // while all of it is there
      layer.hide(this.hidden.isHidden, this.hidden.boxes, this.hidden.only);
    }
    await this.splats.show(layer, this.stops.signal);
    if (!this.hidesAnything) setTimeout(() => this.lookThrough(layer), 0);
  }

  /** A small level is quick to look through; finer ones would show the same surfaces at many times the cost. */
  private lookThrough(layer: Layer): void {
    if (this.stops.signal.aborted || (this.seen && layer.count > QUICK_TO_LOOK_THROUGH)) return;
    this.seen = new Seen(layer);
  }

  async setSolid(meshes: readonly SolidMesh[]): Promise<void> {
    const solid = await Solid.build(meshes);
    if (this.stops.signal.aborted) return solid.dispose();
    this.solid = solid;
    this.motion.setSolid(solid);
    this.stage.wake();
  }

  /** Where a thing is, by its splats and its solid parts; null while neither is known. */
  boxOf(thingId: number): Box | null {
    return joined(this.seen?.boxes.get(thingId) ?? null, this.solid?.boxes.get(thingId) ?? null);
  }

  get isSolid(): boolean {
    return this.solid !== null;
  }

  setHidden(hidden: Hidden): void {
    this.hidden = hidden;
    this.splats.shown?.hide(hidden.isHidden, hidden.boxes, hidden.only);
    this.meshes?.hide(hidden.isHidden);
    this.stage.invalidate();
  }

  get hidesAnything(): boolean {
    return this.hidden !== NOTHING_HIDDEN;
  }

  setView(view: View, meshes: readonly SolidMesh[]): void {
    this.meshes?.dispose();
    this.meshes = view === 'picture' ? null : new MeshView(this.stage.scene, meshes, view);
    this.meshes?.hide(this.hidden.isHidden);
    this.view = view;
    if (this.splats.shown) this.splats.shown.mesh.opacity = BEHIND[view];
    this.stage.invalidate();
  }

  get solidMeshes(): readonly SolidMesh[] {
    return this.solid?.meshes ?? [];
  }

  // -- the visitor ------------------------------------------------------------------------------------------------------------------

  setMode(mode: Mode, around: Triple | null = null): void {
    if (mode === this.motion.mode && !around) return;
    const { width, height } = this.stage.size;
    const ahead = this.pick(width / 2, height / 2)?.point ?? plus(this.motion.pose.position, forwardOf(this.motion.pose), ORBIT_AHEAD_M);
    this.motion.setMode(mode, around ?? ahead);
    this.moved();
  }

  /** Goes on where a visit was broken off. */
  resume(mode: Mode, pose: Pose): void {
    this.motion.setMode(mode === 'orbit' ? 'fly' : mode, pose.position);
    this.motion.jumpTo(pose);
    this.moved();
  }

  setSpeed(direction: 1 | -1): void {
    this.motion.speed = nextSpeed(this.motion.speed, direction);
    this.events.changed();
  }

  setWide(degrees: number): void {
    this.stage.setWide(degrees);
    this.events.changed();
  }

  get wideDeg(): number {
    return this.stage.wideDeg;
  }

  setSpawn(spawn: Pose): void {
    this.motion.setSpawn(spawn);
    this.moved();
  }

  reset(): void {
    this.stopPlaying();
    this.motion.reset();
    this.setWide(WIDE_DEG);
    this.moved();
  }

  /** Glides to where a box is well seen. */
  flyTo(box: Box): void {
    const centre = box.min.map((low, axis) => (low + box.max[axis]!) / 2) as Triple;
    const sizeM = Math.hypot(...box.min.map((low, axis) => box.max[axis]! - low));
    if (this.motion.mode === 'walk') this.motion.setMode('fly', centre);
    this.motion.glideTo(viewOf(centre, sizeM, this.motion.pose, this.wideDeg), () => {
      if (this.motion.mode === 'orbit') this.motion.setMode('orbit', centre);
    });
    this.moved();
  }

  glideTo(pose: Pose): void {
    if (this.motion.mode === 'orbit' || this.motion.mode === 'walk') this.motion.setMode('fly', pose.position);
    this.motion.glideTo(pose);
    this.moved();
  }

  setStick(right: number, ahead: number, jump: boolean): void {
    this.input.setStick(right, ahead, jump);
  }

  toggleLock(): void {
    this.input.toggleLock();
  }

  get isLocked(): boolean {
    return this.input.isLocked;
  }

  // -- looking ----------------------------------------------------------------------------------------------------------------------

  /** What lies under a point of the canvas, CSS pixels. */
  pick(x: number, y: number): Hit | null {
    return this.hit(this.stage.ray(x, y));
  }

  /** What lies in the middle of the picture. */
  pickMiddle(): Hit | null {
    const { width, height } = this.stage.size;
    return this.pick(width / 2, height / 2);
  }

  private hit(ray: Ray): Hit | null {
    return firstHit(ray, this.seen, this.solid, (thingId) => thingId !== 0 && this.hidden.isHidden(thingId));
  }

  lens(): Lens {
    const { width, height } = this.stage.size;
    const focalPx = height / 2 / Math.tan((this.stage.camera.fov * Math.PI) / 360);
    return { seen: (point) => this.stage.seen(point), width, height, focalPx };
  }

  statistics(): Statistics {
    const shown = this.splats.shown;
    const triangles = this.solid?.triangles ?? 0;
    return {
      framesPerSecond: this.stage.framesPerSecond(performance.now()),
      splats: shown?.count ?? 0,
      memoryBytes: (shown?.bytes ?? 0) + triangles * 48,
      resolution: this.stage.resolution.scale,
      card: cardName(this.stage.renderer),
    };
  }

  picture(): Promise<Blob> {
    return picture(this.stage);
  }

  panorama(told: (share: number) => void): Promise<Blob> {
    return panorama(this.stage, told);
  }

  // -- films and headsets -----------------------------------------------------------------------------------------------------------

  /** Moves along a curve from a time on, in the time that it takes. */
  play(curve: Curve, fromS: number, told: (timeS: number) => void, ended: () => void): void {
    this.motion.setMode('fly', this.motion.pose.position);
    this.playing = { curve, timeS: fromS >= curve.durationS ? 0 : fromS, told, ended };
    this.events.changed();
    this.stage.wake();
  }

  /** Stands where the curve is at a time. */
  seek(curve: Curve, timeS: number): void {
    if (this.motion.mode !== 'fly') this.motion.setMode('fly', this.motion.pose.position);
    const { fovRad, ...pose } = curve.at(timeS);
    this.motion.jumpTo(pose);
    this.stage.setWide((fovRad * 180) / Math.PI);
    this.moved();
  }

  stopPlaying(): void {
    const playing = this.playing;
    this.playing = null;
    playing?.ended();
  }

  get isPlaying(): boolean {
    return this.playing !== null;
  }

  async enterHeadset(): Promise<void> {
    const headset = new Headset(this.stage, this.motion, this.eyeHeightM, () => {
      this.inHeadset = false;
      this.moved();
    });
    await headset.enter();
    this.inHeadset = true;
    this.events.changed();
  }

  dispose(): void {
    this.stops.abort();
    clearTimeout(this.hoverTimer);
    this.input.dispose();
    this.meshes?.dispose();
    this.splats.dispose();
    this.stage.dispose();
    this.solid?.dispose();
  }

  // -- within -----------------------------------------------------------------------------------------------------------------------

  private tick(seconds: number): boolean {
    if (this.inHeadset) return false;
    const intent = this.input.intent();
    if (this.playing && isStill(intent)) return this.playOn(seconds);
    this.stopPlaying();
    const moving = this.motion.step(intent, seconds) || this.isTurned();
    if (moving) this.stage.place(this.motion.pose);
    else if (this.input.hasPad) setTimeout(() => this.stage.wake(), PAD_EVERY_MS);
    return moving;
  }

  /** Whether the picture was dragged a moment ago, or a few frames, where those take long. */
  private isTurned(): boolean {
    this.turnFrames = Math.max(0, this.turnFrames - 1);
    return this.turnFrames > 0 || performance.now() - this.turnedAt < TURNING_MS;
  }

  private playOn(seconds: number): boolean {
    const playing = this.playing!;
    playing.timeS = Math.min(playing.timeS + seconds, playing.curve.durationS);
    this.seek(playing.curve, playing.timeS);
    playing.told(playing.timeS);
    if (playing.timeS < playing.curve.durationS) return true;
    this.stopPlaying();
    return false;
  }

  private turn(change: () => void): void {
    this.stopPlaying();
    change();
    this.turnFrames = TURNING_FRAMES;
    this.turnedAt = performance.now();
    this.stage.place(this.motion.pose);
  }

  private panned(right: number, down: number): void {
    const { height } = this.stage.size;
    if (this.motion.mode === 'orbit') this.motion.pan(-right / height, down / height);
    else this.motion.look(right, down);
  }

  private wheeled(steps: number): void {
    if (this.motion.mode === 'walk') this.setWide(Math.min(Math.max(this.wideDeg - steps * 4, 30), 110));
    else this.turn(() => this.motion.dolly(steps * 0.15));
  }

  private hoverSoon(x: number, y: number): void {
    clearTimeout(this.hoverTimer);
    this.hoverTimer = window.setTimeout(() => this.events.hovered(x < 0 ? null : this.pick(x, y), x, y), HOVER_EVERY_MS);
  }

  private moved(): void {
    this.stage.place(this.motion.pose);
    this.events.changed();
  }
}
