/** Headset: walking through a world in virtual reality; the left stick moves, the right one turns in steps. */
import { Group } from 'three';

import { type Intent, STILL, stickShare } from './controls';
import type { Motion } from './motion';
import type { Stage } from './stage';

const SNAP_RAD = Math.PI / 6;
const SNAP_AT = 0.7;

export async function hasHeadset(): Promise<boolean> {
  try {
    return (await navigator.xr?.isSessionSupported('immersive-vr')) ?? false;
  } catch {
    return false; // a page in a frame may not be allowed to ask
  }
}

export class Headset {
  private readonly rig = new Group();
  private turned = false;

  constructor(
    private readonly stage: Stage,
    private readonly motion: Motion,
    private readonly eyeHeightM: number,
    private readonly ended: () => void,
  ) {}

  async enter(): Promise<void> {
    const { renderer, scene, camera } = this.stage;
    const session = await navigator.xr!.requestSession('immersive-vr', { optionalFeatures: ['local-floor', 'hand-tracking'] });
    renderer.xr.enabled = true;
    renderer.xr.setReferenceSpaceType('local-floor');
    scene.add(this.rig);
    this.rig.add(camera);
    camera.position.set(0, 0, 0);
    camera.rotation.set(0, 0, 0);
    this.rig.rotation.set(0, this.motion.pose.yawRad, 0);
    if (this.motion.mode === 'orbit') this.motion.setMode('fly', this.motion.pose.position);
    let last = 0;
    void renderer.setAnimationLoop((now: number) => {
      this.frame(session, last ? Math.min((now - last) / 1000, 0.1) : 0);
      last = now;
      renderer.render(scene, camera);
    });
    session.addEventListener('end', () => this.leave());
    await renderer.xr.setSession(session);
  }

  private frame(session: XRSession, seconds: number): void {
    const heading = this.stage.camera.rotation.clone().reorder('YXZ').y + this.rig.rotation.y;
    this.motion.pose = { ...this.motion.pose, yawRad: heading, pitchRad: 0 };
    this.motion.step(this.intent(session), seconds);
    const [x, y, z] = this.motion.pose.position;
    this.rig.position.set(x, y - this.eyeHeightM, z);
  }

  private intent(session: XRSession): Intent {
    const intent: Intent = { ...STILL };
    for (const source of session.inputSources) {
      const pad = source.gamepad;
      if (!pad) continue;
      const [right, down] = [stickShare(pad.axes[2] ?? 0), stickShare(pad.axes[3] ?? 0)];
      if (source.handedness === 'right') {
        this.snap(right);
        intent.up = this.motion.mode === 'fly' ? -down : 0;
        intent.jump ||= pad.buttons[4]?.pressed ?? false;
      } else {
        Object.assign(intent, { right, ahead: -down });
        intent.fast ||= pad.buttons[0]?.pressed ?? false;
      }
    }
    return intent;
  }

  /** Turning in steps spares the stomach. */
  private snap(right: number): void {
    if (Math.abs(right) < SNAP_AT) this.turned = false;
    else if (!this.turned) {
      this.turned = true;
      this.rig.rotation.y -= Math.sign(right) * SNAP_RAD;
    }
  }

  private leave(): void {
    const { renderer, scene, camera } = this.stage;
    void renderer.setAnimationLoop(null);
    renderer.xr.enabled = false;
    scene.add(camera);
    this.rig.removeFromParent();
    this.stage.place(this.motion.pose);
    this.ended();
  }
}
