/** The splats of a world: one level is seen at a time, exchanged without a jump; things in it can be hidden, splat by splat. */
import { SplatFileType, SplatMesh } from '@sparkjsdev/spark';

import { DamagedFile } from './download';
import type { Stage } from './stage';

/** An upright box in the world, metres. */
export interface Box {
  min: readonly [number, number, number];
  max: readonly [number, number, number];
}

export interface LayerFiles {
  /** SPZ. */
  splats: ArrayBuffer;
  /** Each splat's thing, in the order of the file; null where the world does not tell. */
  things: Uint16Array | null;
  /** Positions as exact as the file has them, for twice the memory. */
  exact: boolean;
}

/** Bytes on the card: a splat as loaded, three copies at work, its place in the order. */
const WORKING_BYTES = 3 * 16 + 4;

/** One level, loaded. */
export class Layer {
  private readonly alphas: Uint16Array;

  private constructor(
    readonly mesh: SplatMesh,
    readonly things: Uint16Array | null,
    readonly count: number,
  ) {
    this.alphas = new Uint16Array(count);
    for (let k = 0; k < count; k += 1) this.alphas[k] = this.alphaBits(k);
  }

  /** Throws DamagedFile where the bytes are no splats. */
  static async load(files: LayerFiles): Promise<Layer> {
    const mesh = new SplatMesh({
      fileBytes: files.splats,
      fileType: SplatFileType.SPZ,
      extSplats: files.exact,
      editable: false,
      raycastable: false,
    });
    try {
      await mesh.initialized;
    } catch (error) {
      mesh.dispose();
      throw new DamagedFile(error instanceof Error ? error.message : 'its splats cannot be read');
    }
    const count = mesh.splats?.getNumSplats() ?? 0;
    if (count === 0) throw new DamagedFile('it holds no splats');
    return new Layer(mesh, files.things?.length === count ? files.things : null, count);
  }

  get bytes(): number {
    return this.count * ((this.mesh.extSplats ? 32 : 16) + WORKING_BYTES);
  }

  /** Shows and hides splats: by thing where they are known, else by where they are. */
  hide(isHidden: (thingId: number) => boolean, boxes: readonly Box[], only: boolean): void {
    const centre = boxes.length ? this.centres() : null;
    for (let k = 0; k < this.count; k += 1) {
      const hidden = this.things ? isHidden(this.things[k]!) : centre !== null && boxes.some((box) => inside(box, centre, k)) !== only;
      this.setAlphaBits(k, hidden ? 0 : this.alphas[k]!);
    }
    for (const texture of this.mesh.extSplats?.textures ?? []) texture.needsUpdate = true;
    if (this.mesh.packedSplats) this.mesh.packedSplats.needsUpdate = true;
    this.mesh.updateVersion();
  }

  /** x, y, z of every splat. */
  centres(): Float32Array {
    const centres = new Float32Array(this.count * 3);
    const exact = this.mesh.extSplats?.extArrays[0];
    if (exact) {
      const numbers = new Float32Array(exact.buffer, exact.byteOffset, exact.length);
      for (let k = 0; k < this.count; k += 1) centres.set(numbers.subarray(4 * k, 4 * k + 3), 3 * k);
    } else {
      this.mesh.forEachSplat((k, { x, y, z }) => centres.set([x, y, z], 3 * k));
    }
    return centres;
  }

  dispose(): void {
    this.mesh.removeFromParent();
    this.mesh.dispose();
  }

  // Where Spark keeps opacities: the last half float of an exact splat, the fourth byte of a packed one.
  private alphaBits(k: number): number {
    const exact = this.mesh.extSplats?.extArrays[0];
    return exact ? exact[4 * k + 3]! & 0xffff : (this.mesh.packedSplats?.packedArray?.[4 * k] ?? 0) >>> 24;
  }

  private setAlphaBits(k: number, bits: number): void {
    const exact = this.mesh.extSplats?.extArrays[0];
    if (exact) exact[4 * k + 3] = (exact[4 * k + 3]! & 0xffff0000) | bits;
    const packed = this.mesh.packedSplats?.packedArray;
    if (packed) packed[4 * k] = (packed[4 * k]! & 0xffffff) | (bits << 24);
  }
}

/** The box round two boxes, either of which may be missing. */
export function joined(one: Box | null, other: Box | null): Box | null {
  if (!one || !other) return one ?? other;
  const corner = (pick: (a: number, b: number) => number, a: Box['min'], b: Box['min']) =>
    [pick(a[0], b[0]), pick(a[1], b[1]), pick(a[2], b[2])] as const;
  return { min: corner(Math.min, one.min, other.min), max: corner(Math.max, one.max, other.max) };
}

function inside(box: Box, points: Float32Array, k: number): boolean {
  return [0, 1, 2].every((axis) => points[3 * k + axis]! >= box.min[axis]! && points[3 * k + axis]! <= box.max[axis]!);
}

/** Which layer is seen. */
export class Splats {
  shown: Layer | null = null;

  constructor(private readonly stage: Stage) {}

  /** Puts a layer in the place of the one that is seen; done when it is on the screen. */
  async show(layer: Layer, signal: AbortSignal): Promise<void> {
    const before = this.shown;
    this.shown = layer;
    if (before) before.mesh.visible = false; // Spark keeps drawing it until the new one is sorted
    this.stage.scene.add(layer.mesh);
    this.stage.invalidate();
    while (!this.isOnScreen(layer)) {
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, 16));
      if (!this.stage.spark.sorting) this.stage.invalidate(); // drawing is what makes Spark go on
    }
    before?.dispose();
  }

  private isOnScreen(layer: Layer): boolean {
    const { spark } = this.stage;
    return !spark.sorting && spark.activeSplats > 0 && spark.display.mapping.some(({ node }) => node === layer.mesh);
  }

  dispose(): void {
    this.shown?.dispose();
    this.shown = null;
  }
}
