/** Capture: the picture as a PNG, and all directions at once as a 360° PNG. */
import type { PerspectiveCamera } from 'three';

import { type Face, FACES, fillRows } from './panorama';
import type { Stage } from './stage';

const PANORAMA_PX = 4_096;
const FACE_PX = 1_344;
const ROWS_AT_ONCE = 64;

/** What is on the screen now, with all its pixels. */
export async function picture(stage: Stage): Promise<Blob> {
  await settled(stage);
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const { width, height } = stage.size;
  const paper = paperOf(Math.round(width * ratio), Math.round(height * ratio));
  stage.captured(paper.canvas.width, paper.canvas.height, () => {
    stage.renderer.render(stage.scene, stage.camera);
    paper.drawImage(stage.canvas, 0, 0);
  });
  return pngOf(paper.canvas);
}

/** Everything round the eye, the middle straight ahead. `told` hears the share that is done. */
export async function panorama(stage: Stage, told: (share: number) => void): Promise<Blob> {
  await settled(stage);
  const side = Math.min(FACE_PX, stage.renderer.capabilities.maxTextureSize);
  const yawRad = stage.camera.rotation.y;
  const faces = stage.captured(side, side, (camera) => FACES.map((face) => shot(stage, camera, yawRad + face.yawRad, face.pitchRad, side)));
  const paper = paperOf(PANORAMA_PX, PANORAMA_PX / 2);
  const pixels = paper.createImageData(PANORAMA_PX, PANORAMA_PX / 2);
  for (let row = 0; row < PANORAMA_PX / 2; row += ROWS_AT_ONCE) {
    fillRows(faces, pixels.data, PANORAMA_PX, row, row + ROWS_AT_ONCE);
    told((row + ROWS_AT_ONCE) / (PANORAMA_PX / 2));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  paper.putImageData(pixels, 0, 0);
  return pngOf(paper.canvas);
}

function shot(stage: Stage, camera: PerspectiveCamera, yawRad: number, pitchRad: number, side: number): Face {
  camera.fov = 90;
  camera.rotation.set(pitchRad, yawRad, 0);
  camera.updateProjectionMatrix();
  stage.renderer.render(stage.scene, camera);
  const paper = paperOf(side, side);
  paper.drawImage(stage.canvas, 0, 0);
  return { data: paper.getImageData(0, 0, side, side).data, side };
}

/** Until splats are in order as seen from here. */
async function settled(stage: Stage): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (!stage.spark.sorting) {
      stage.draw(); // which begins to sort, where that is needed
      if (!stage.spark.sorting && !stage.spark.sortDirty) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function paperOf(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  return canvas.getContext('2d', { willReadFrequently: true })!;
}

function pngOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the picture could not be written'))), 'image/png');
  });
}
