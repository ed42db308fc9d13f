/** What is solid: the collider in Rapier, for walking on it and for looking along a ray. */
import type { Collider, KinematicCharacterController, World } from '@dimforge/rapier3d';

import type { SolidMesh } from './glb';
import { plus, type Triple } from './pose';
import type { Box } from './splats';
import type { Ray } from './stage';

export interface Hit {
  distanceM: number;
  point: Triple;
  thingId: number;
}

/** A visitor, as the walls know one. */
export const BODY = { radiusM: 0.28, headroomM: 0.12, stepM: 0.4, slopeRad: (46 * Math.PI) / 180, skinM: 0.02, snapM: 0.35 };

export interface Body {
  /** The feet after a wished-for move, and whether they stand on something. */
  moved(feet: Triple, wish: Triple): { feet: Triple; grounded: boolean; blocked: boolean };
}

export class Solid {
  readonly boxes = new Map<number, Box>();
  private readonly things = new Map<number, number>();

  private constructor(
    private readonly rapier: typeof import('@dimforge/rapier3d'),
    private readonly world: World,
    readonly meshes: readonly SolidMesh[],
  ) {}

  /** The collider's meshes as solids; the screen is let in between, for large ones take a while. */
  static async build(meshes: readonly SolidMesh[]): Promise<Solid> {
    const rapier = await import('@dimforge/rapier3d');
    const solid = new Solid(rapier, new rapier.World({ x: 0, y: -9.81, z: 0 }), meshes);
    for (const mesh of meshes) {
      const collider = solid.world.createCollider(rapier.ColliderDesc.trimesh(mesh.positions, mesh.indices));
      solid.things.set(collider.handle, mesh.thingId);
      if (mesh.thingId) solid.boxes.set(mesh.thingId, boxOf(mesh.positions));
      if (mesh.indices.length > 30_000) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    solid.world.step(); // builds the search tree
    return solid;
  }

  get triangles(): number {
    return this.meshes.reduce((sum, mesh) => sum + mesh.indices.length / 3, 0);
  }

  /** The first surface along a ray; `passes` names things to look through. */
  cast(ray: Ray, farthestM: number, passes: (thingId: number) => boolean = () => false): Hit | null {
    const [origin, direction] = [vector(ray.origin), vector(ray.direction)];
    const through = (collider: Collider) => !passes(this.things.get(collider.handle) ?? 0);
    const none = undefined;
    const hit = this.world.castRay(new this.rapier.Ray(origin, direction), farthestM, true, none, none, none, none, through);
    if (!hit) return null;
    const distanceM = hit.timeOfImpact;
    return { distanceM, point: plus(ray.origin, ray.direction, distanceM), thingId: this.things.get(hit.collider.handle) ?? 0 };
  }

  /** A body with its eyes at this height, for walking. */
  body(eyeHeightM: number): Body {
    const { radiusM, headroomM, skinM } = BODY;
    const half = (eyeHeightM + headroomM) / 2 - radiusM;
    const capsule = this.world.createCollider(this.rapier.ColliderDesc.capsule(half, radiusM).setSensor(true));
    const controller = this.controller();
    const middle = half + radiusM + skinM;
    return {
      moved: (feet, wish) => {
        capsule.setTranslation({ x: feet[0], y: feet[1] + middle, z: feet[2] });
        controller.computeColliderMovement(capsule, vector(wish), this.rapier.QueryFilterFlags.EXCLUDE_SENSORS);
        const { x, y, z } = controller.computedMovement();
        const blocked = Math.hypot(x, z) < 0.5 * Math.hypot(wish[0], wish[2]);
        return { feet: plus(feet, [x, y, z]), grounded: controller.computedGrounded(), blocked };
      },
    };
  }

  private controller(): KinematicCharacterController {
    const controller = this.world.createCharacterController(BODY.skinM);
    controller.enableAutostep(BODY.stepM, 0.12, true);
    controller.enableSnapToGround(BODY.snapM);
    controller.setMaxSlopeClimbAngle(BODY.slopeRad);
    controller.setMinSlopeSlideAngle(BODY.slopeRad);
    return controller;
  }

  dispose(): void {
    this.world.free();
  }
}

function vector([x, y, z]: Triple): { x: number; y: number; z: number } {
  return { x, y, z };
}

function boxOf(points: Float32Array): Box {
  const min: Triple = [Infinity, Infinity, Infinity];
  const max: Triple = [-Infinity, -Infinity, -Infinity];
  for (let k = 0; k < points.length; k += 1) {
    min[k % 3] = Math.min(min[k % 3]!, points[k]!);
    max[k % 3] = Math.max(max[k % 3]!, points[k]!);
  }
  return { min, max };
}
