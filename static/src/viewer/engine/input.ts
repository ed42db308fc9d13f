/** Input: keyboard, mouse, touch, pen and gamepad on the canvas become one intent, looks, clicks and pinches. */
import { type Intent, keyIntent, movesCamera, padIntent, STILL, together } from './controls';

export interface InputEvents {
  /** Something is held or moved: frames are needed. */
  woken(): void;
  look(right: number, down: number): void;
  pan(right: number, down: number): void;
  dolly(share: number): void;
  wheel(steps: number): void;
  hover(x: number, y: number): void;
  left(): void;
  click(x: number, y: number): void;
  lockChanged(locked: boolean): void;
}

const CLICK_PX = 6;
const CLICK_MS = 600;
const PINCH_SHARE_A_PX = 0.004;

interface Finger {
  x: number;
  y: number;
  startX: number;
  startY: number;
  at: number;
  pans: boolean;
}

export class Input {
  private readonly held = new Set<string>();
  private readonly fingers = new Map<number, Finger>();
  private readonly stops = new AbortController();
  private stickIntent: Intent = STILL;
  private hadTwo = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly events: InputEvents,
  ) {
    const { signal } = this.stops;
    canvas.addEventListener('keydown', this.onKeyDown, { signal });
    window.addEventListener('keyup', (event) => this.held.delete(event.code), { signal });
    window.addEventListener('blur', () => this.held.clear(), { signal });
    canvas.addEventListener('blur', () => this.held.clear(), { signal });
    canvas.addEventListener('pointerdown', this.onDown, { signal });
    canvas.addEventListener('pointermove', this.onMove, { signal });
    canvas.addEventListener('pointerup', this.onUp, { signal });
    canvas.addEventListener('pointercancel', this.onCancel, { signal });
    canvas.addEventListener('pointerleave', () => events.left(), { signal });
    canvas.addEventListener('wheel', this.onWheel, { signal, passive: false });
    canvas.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
    window.addEventListener('gamepadconnected', () => events.woken(), { signal });
    document.addEventListener('pointerlockchange', () => events.lockChanged(this.isLocked), { signal });
  }

  get isLocked(): boolean {
    return document.pointerLockElement === this.canvas;
  }

  /** A pad has to be asked, frame by frame. */
  get hasPad(): boolean {
    return padsOf().length > 0;
  }

  /** The stick on the screen, −1 to 1. */
  setStick(right: number, ahead: number, jump = false): void {
    this.stickIntent = { ...STILL, right, ahead, jump };
    this.events.woken();
  }

  intent(): Intent {
    const pads = padsOf().map((pad) =>
      padIntent(
        pad.axes,
        pad.buttons.map((button) => button.pressed || button.value > 0.5),
      ),
    );
    return together(keyIntent(this.held), this.stickIntent, ...pads);
  }

  toggleLock(): void {
    if (this.isLocked) document.exitPointerLock();
    else void Promise.resolve(this.canvas.requestPointerLock()).catch(() => undefined); // refused: one can still drag
  }

  dispose(): void {
    this.stops.abort();
    if (this.isLocked) document.exitPointerLock();
  }

  private readonly onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || !movesCamera(event.code)) return;
    event.preventDefault();
    this.held.add(event.code);
    this.events.woken();
  };

  private readonly onDown = (event: PointerEvent): void => {
    this.canvas.focus({ preventScroll: true });
    if (this.isLocked) return;
    this.canvas.setPointerCapture(event.pointerId);
    const pans = event.button === 2 || event.button === 1 || event.shiftKey;
    const { x, y } = this.place(event);
    this.fingers.set(event.pointerId, { x, y, startX: x, startY: y, at: event.timeStamp, pans });
    this.hadTwo = this.fingers.size > 1;
  };

  private readonly onMove = (event: PointerEvent): void => {
    if (this.isLocked) {
      this.events.look(event.movementX, event.movementY);
      return;
    }
    const finger = this.fingers.get(event.pointerId);
    const { x, y } = this.place(event);
    if (!finger) {
      if (event.pointerType !== 'touch') this.events.hover(x, y);
      return;
    }
    const [right, down] = [x - finger.x, y - finger.y];
    if (this.fingers.size === 2) this.pinch(event.pointerId, finger, x, y);
    else if (finger.pans) this.events.pan(right, down);
    else if (this.isDrag(finger, x, y)) this.events.look(right, down);
    Object.assign(finger, { x, y });
  };

  private readonly onUp = (event: PointerEvent): void => {
    if (this.isLocked) {
      if (event.button === 0) this.events.click(this.canvas.clientWidth / 2, this.canvas.clientHeight / 2);
      return;
    }
    const finger = this.fingers.get(event.pointerId);
    this.fingers.delete(event.pointerId);
    if (!finger || finger.pans || this.hadTwo || this.isDrag(finger, finger.x, finger.y)) return;
    if (event.timeStamp - finger.at < CLICK_MS) this.events.click(finger.x, finger.y);
  };

  private readonly onCancel = (event: PointerEvent): void => {
    this.fingers.delete(event.pointerId);
  };

  private readonly onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    if (event.ctrlKey) this.events.dolly(-event.deltaY * 0.01);
    else this.events.wheel(-Math.sign(event.deltaY) * Math.min(Math.abs(event.deltaY) / 100, 1));
  };

  private pinch(id: number, finger: Finger, x: number, y: number): void {
    const other = [...this.fingers].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const before = Math.hypot(finger.x - other.x, finger.y - other.y);
    this.events.dolly((Math.hypot(x - other.x, y - other.y) - before) * PINCH_SHARE_A_PX);
    this.events.pan((x - finger.x) / 2, (y - finger.y) / 2);
  }

  private isDrag(finger: Finger, x: number, y: number): boolean {
    if (Math.hypot(x - finger.startX, y - finger.startY) > CLICK_PX) finger.at = -Infinity;
    return finger.at === -Infinity;
  }

  private place(event: PointerEvent): { x: number; y: number } {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }
}

function padsOf(): Gamepad[] {
  return (navigator.getGamepads?.() ?? []).filter((pad): pad is Gamepad => pad?.connected === true && pad.mapping === 'standard');
}
