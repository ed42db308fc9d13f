/** A film in the making: the camera path of a world, edited, previewed along the curve that the service films, and kept with the world. */
import { appended, type CameraPath, changed, curveOf, MAX_KEYFRAMES } from './engine/path';
import type { Visit } from './visit.svelte';

const KEYFRAME_AFTER_S = 3;

export class Film {
  path = $state.raw<CameraPath>({ keyframes: [], loop: false });
  saved = $state(true);
  /** The moment of the path that is shown. */
  timeS = $state(0);

  constructor(private readonly visit: Visit) {}

  addKeyframe(): void {
    const { engine } = this.visit;
    if (!engine) return;
    if (this.path.keyframes.length >= MAX_KEYFRAMES) return this.visit.say('The path has as many keyframes as it may have.');
    this.change(appended(this.path, engine.motion.pose, this.visit.wideDeg, KEYFRAME_AFTER_S));
    this.visit.say(`Keyframe ${this.path.keyframes.length} added`);
  }

  /** Sets a keyframe to what is seen now, at its own time. */
  setKeyframe(index: number): void {
    const { engine } = this.visit;
    if (!engine) return;
    const before = { ...this.path, keyframes: this.path.keyframes.slice(0, index) };
    const seen = appended(before, engine.motion.pose, this.visit.wideDeg, 0).keyframes.at(-1)!;
    const { time, ease } = this.path.keyframes[index]!;
    this.change(changed(this.path, index, { ...seen, time, ease, look_at: undefined }));
    this.visit.say(`Keyframe ${index + 1} set to what you see`);
  }

  change(path: CameraPath): void {
    this.path = path;
    this.saved = false;
    this.visit.frame += 1;
  }

  togglePreview(): void {
    const { engine } = this.visit;
    if (!engine) return;
    if (this.visit.playing) return engine.stopPlaying();
    if (this.path.keyframes.length < 2) return this.visit.say('A path needs two keyframes at least.');
    const back = this.visit.wideDeg;
    engine.play(
      curveOf(this.path),
      this.timeS,
      (timeS) => (this.timeS = timeS),
      () => engine.setWide(back),
    );
  }

  /** Stands at a moment of the path. */
  seek(timeS: number): void {
    this.timeS = timeS;
    if (this.path.keyframes.length) this.visit.engine?.seek(curveOf(this.path), timeS);
  }

  /** Keeps the path with the world; true when it is there. */
  async save(): Promise<boolean> {
    const { visit } = this;
    const camera_path = this.path.keyframes.length ? this.path : null;
    this.saved = (await visit.attempt(() => visit.api.patchWorld(visit.worldId, { camera_path }))) !== null;
    return this.saved;
  }
}
