/** Meshes over the picture: what is solid, lit flat, or the wires of what the splats were made from. */
import {
  BufferAttribute,
  BufferGeometry,
  Color,
  DirectionalLight,
  DoubleSide,
  Group,
  HemisphereLight,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  type Scene,
} from 'three';

import type { SolidMesh } from './glb';

export type View = 'picture' | 'solid' | 'wires';

/** How much of the splats is left to see. */
export const BEHIND: Readonly<Record<View, number>> = { picture: 1, solid: 0, wires: 0 };

const SKIN = 0x111514;

export class MeshView {
  private readonly group = new Group();

  constructor(scene: Scene, meshes: readonly SolidMesh[], view: Exclude<View, 'picture'>) {
    for (const mesh of meshes) this.group.add(...objectsOf(mesh, view));
    if (view === 'solid') {
      const sun = new DirectionalLight(0xffffff, 1.6);
      sun.position.set(0.4, 1, 0.6);
      this.group.add(sun, new HemisphereLight(0xffffff, 0x40504c, 1.4));
    }
    scene.add(this.group);
  }

  /** Shows the meshes of some things only. */
  hide(isHidden: (thingId: number) => boolean): void {
    for (const child of this.group.children) if (child instanceof Mesh) child.visible = !isHidden(Number(child.userData.thingId));
  }

  dispose(): void {
    this.group.removeFromParent();
    for (const child of this.group.children) {
      if (!(child instanceof Mesh)) continue;
      child.geometry.dispose();
      child.material.dispose();
    }
  }
}

function objectsOf(mesh: SolidMesh, view: Exclude<View, 'picture'>): Mesh[] {
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(mesh.positions, 3));
  geometry.setIndex(new BufferAttribute(mesh.indices, 1));
  const color = colourOf(mesh.thingId);
  const materials =
    view === 'solid'
      ? [new MeshLambertMaterial({ color, flatShading: true, side: DoubleSide })]
      : // a dark skin a little behind the wires, so that only those in front are seen
        [
          new MeshBasicMaterial({ color: SKIN, polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 2, side: DoubleSide }),
          new MeshBasicMaterial({ color, wireframe: true }),
        ];
  return materials.map((material) => {
    const object = new Mesh(geometry, material);
    object.userData.thingId = mesh.thingId;
    return object;
  });
}

/** Ground grey; things in colours that neighbours do not share. */
function colourOf(thingId: number): Color {
  if (thingId === 0) return new Color(0x8a938f);
  return new Color().setHSL((thingId * 0.618034) % 1, 0.42, 0.58);
}
