/** The stage: canvas, camera and splat renderer; draws only when something has changed, in as many pixels as stay fluid. */
import { SparkRenderer } from '@sparkjsdev/spark';
import { Color, PerspectiveCamera, Raycaster, Scene, Vector2, Vector3, WebGLRenderer } from 'three';

import { type Pose, type Triple, verticalFovDeg } from './pose';
import { afterFrame, FULL_RESOLUTION, type ResolutionState, restScale } from './resolution';

/** This browser or machine cannot draw worlds. */
export class NoGraphics extends Error {
  constructor(cause?: unknown) {
    super('no WebGL2', { cause });
    this.name = 'NoGraphics';
  }
}

export interface StageEvents {
  /** Moves what moves; true while something does. `seconds` since the last frame. */
  tick(seconds: number): boolean;
  drawn(): void;
  lost(): void;
}

export interface Ray {
  origin: Triple;
  direction: Triple;
}

export const WIDE_DEG = 75;
const NEAR_M = 0.05;
const FAR_M = 6_000;
const SHARPEN_AFTER_MS = 180;
const LONGEST_STEP_S = 1;
const MOST_PIXELS_A_POINT = 2;
/** The service's renderer adds this variance to every ellipse (px²), and its depth order is by distance. */
const DILATION_PX2 = 0.3;
/** How far from its middle a splat is drawn, in standard deviations; less where pixels are dear, while things move. */
const REACH = Math.sqrt(8);
const SHORT_REACH = 2.4;
const DEAR_SCALE = 0.6;

export class Stage {
  readonly scene = new Scene();
  readonly camera = new PerspectiveCamera(60, 1, NEAR_M, FAR_M);
  readonly renderer: WebGLRenderer;
  readonly spark: SparkRenderer;
  /** Field of view of the longer side. */
  wideDeg = WIDE_DEG;
  resolution: ResolutionState = FULL_RESOLUTION;
  /** When frames were drawn lately while moving, by performance.now(). */
  private readonly drawnAt: number[] = [];
  private readonly watcher: ResizeObserver;
  private frame = 0;
  private sharpening = 0;
  private lastMs = 0;
  private moving = false;
  private dirty = true;
  private disposed = false;
  private scale = 1;

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly events: StageEvents,
  ) {
    try {
      this.renderer = new WebGLRenderer({ canvas, antialias: false, alpha: false, powerPreference: 'high-performance' });
    } catch (error) {
      throw new NoGraphics(error);
    }
    this.renderer.setPixelRatio(1);
    this.scene.background = new Color(0x111514);
    this.spark = new SparkRenderer({
      renderer: this.renderer,
      onDirty: () => this.invalidate(),
      preBlurAmount: DILATION_PX2,
      blurAmount: 0,
      maxPixelRadius: 4_096, // the sky is made of splats that fill the picture
      enableLod: false,
    });
    this.scene.add(this.spark);
    this.camera.rotation.order = 'YXZ';
    canvas.addEventListener('webglcontextlost', this.onLost);
    document.addEventListener('visibilitychange', this.onVisibility);
    this.watcher = new ResizeObserver(() => this.resized());
    this.watcher.observe(canvas);
    this.resized();
  }

  /** Something has changed: draw soon. */
  invalidate(): void {
    this.dirty = true;
    this.wake();
  }

  /** Ask `tick` again in the next frame. */
  wake(): void {
    if (this.frame || this.disposed || document.hidden || this.renderer.xr.isPresenting) return;
    this.frame = requestAnimationFrame(this.onFrame);
  }

  place({ position, yawRad, pitchRad }: Pose): void {
    this.camera.position.set(...position);
    this.camera.rotation.set(pitchRad, yawRad, 0);
    this.invalidate();
  }

  setWide(degrees: number): void {
    this.wideDeg = degrees;
    this.frameCamera();
    this.invalidate();
  }

  get size(): { width: number; height: number } {
    return { width: Math.max(1, this.canvas.clientWidth), height: Math.max(1, this.canvas.clientHeight) };
  }

  /** Frames a second lately; null at rest, where none are needed. */
  framesPerSecond(now: number): number | null {
    const recent = this.drawnAt.filter((at) => now - at < 2_000);
    if (recent.length < 3 || now - recent.at(-1)! > 1_000) return null;
    return ((recent.length - 1) * 1000) / (recent.at(-1)! - recent[0]!);
  }

  /** The ray through a point of the canvas, in CSS pixels. */
  ray(x: number, y: number): Ray {
    const { width, height } = this.size;
    const caster = new Raycaster();
    this.camera.updateMatrixWorld();
    caster.setFromCamera(new Vector2((x / width) * 2 - 1, 1 - (y / height) * 2), this.camera);
    return { origin: caster.ray.origin.toArray(), direction: caster.ray.direction.toArray() };
  }

  /** A point in the camera's own frame: x right, y up, −z ahead. */
  seen(point: Triple): Triple {
    return new Vector3(...point).applyMatrix4(this.camera.matrixWorldInverse).toArray();
  }

  /** Draws at once, without waiting for the screen. */
  draw(): void {
    this.dirty = false;
    this.renderer.render(this.scene, this.camera);
    this.events.drawn();
  }

  /** The picture as it would be at `width` × `height` pixels, drawn and read in one go, so that nobody sees the canvas change. */
  captured<Picture>(width: number, height: number, shoot: (camera: PerspectiveCamera) => Picture): Picture {
    const { aspect, fov } = this.camera;
    const { position, rotation } = this.camera.clone();
    this.spark.autoUpdate = false;
    this.spark.maxStdDev = REACH;
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    try {
      return shoot(this.camera);
    } finally {
      this.spark.autoUpdate = true;
      Object.assign(this.camera, { aspect, fov });
      this.camera.position.copy(position);
      this.camera.rotation.copy(rotation);
      this.resized();
    }
  }

  dispose(): void {
    this.disposed = true;
    cancelAnimationFrame(this.frame);
    clearTimeout(this.sharpening);
    this.watcher.disconnect();
    this.canvas.removeEventListener('webglcontextlost', this.onLost);
    document.removeEventListener('visibilitychange', this.onVisibility);
    void this.renderer.setAnimationLoop(null);
    // Its sorter may be about to read distances, or at work: what Spark then fails has nobody who waits for it.
    clearTimeout(this.spark.sortTimeoutId);
    Object.assign(this.spark, { readbackDepth: () => new Promise(() => undefined) });
    for (const answer of Object.values(this.spark.sortWorker?.messages ?? {})) answer.reject = () => undefined;
    this.spark.dispose();
    this.renderer.dispose();
    this.renderer.forceContextLoss();
  }

  private readonly onFrame = (now: number): void => {
    this.frame = 0;
    const sinceMs = now - this.lastMs;
    const wasMoving = this.moving;
    this.lastMs = now;
    this.moving = this.events.tick(wasMoving ? Math.min(sinceMs / 1000, LONGEST_STEP_S) : 1 / 60);
    if (this.moving) {
      if (wasMoving) this.resolution = afterFrame(this.resolution, sinceMs);
      this.setScale(this.resolution.scale);
      this.drawnAt.push(now);
      if (this.drawnAt.length > 240) this.drawnAt.shift();
      this.draw();
      this.wake();
    } else if (this.dirty) {
      this.draw();
    }
    if (!this.moving) this.sharpenSoon();
  };

  /** Once nothing moves, the picture is drawn with all its pixels. */
  private sharpenSoon(): void {
    clearTimeout(this.sharpening);
    if (Math.abs(restScale(this.resolution) - this.scale) < 0.01) return;
    this.sharpening = window.setTimeout(() => {
      if (this.moving || this.disposed || document.hidden) return;
      this.setScale(restScale(this.resolution));
      this.draw();
    }, SHARPEN_AFTER_MS);
  }

  private setScale(scale: number): void {
    if (scale === this.scale) return;
    this.scale = scale;
    this.spark.maxStdDev = scale < DEAR_SCALE ? SHORT_REACH : REACH;
    this.sizeBuffer();
  }

  private resized(): void {
    if (this.renderer.xr.isPresenting || this.disposed) return;
    this.sizeBuffer();
    this.frameCamera();
    this.draw(); // at once, or the canvas would be empty until the next frame
  }

  private sizeBuffer(): void {
    const { width, height } = this.size;
    const ratio = Math.min(window.devicePixelRatio || 1, MOST_PIXELS_A_POINT) * this.scale;
    this.renderer.setSize(Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio)), false);
  }

  private frameCamera(): void {
    const { width, height } = this.size;
    this.camera.aspect = width / height;
    this.camera.fov = verticalFovDeg(this.wideDeg, this.camera.aspect);
    this.camera.updateProjectionMatrix();
  }

  private readonly onVisibility = (): void => {
    if (document.hidden) {
      cancelAnimationFrame(this.frame);
      this.frame = 0;
      this.moving = false;
    } else {
      this.invalidate();
    }
  };

  private readonly onLost = (event: Event): void => {
    event.preventDefault();
    if (!this.disposed) this.events.lost();
  };
}
