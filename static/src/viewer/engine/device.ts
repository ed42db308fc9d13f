/** The device: what can be known of it without asking anybody. */
import type { WebGLRenderer } from 'three';

import type { Device } from './levels';

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

interface Hints {
  deviceMemory?: number;
  connection?: { saveData?: boolean };
  userAgentData?: { mobile?: boolean };
}

export function deviceOf(renderer: WebGLRenderer): Device {
  const hints = navigator as Navigator & Hints;
  return {
    software: SOFTWARE.test(cardName(renderer)),
    kind: kindOf(navigator.userAgent, hints.userAgentData?.mobile ?? false),
    memoryGb: hints.deviceMemory ?? null,
    savesData: hints.connection?.saveData ?? false,
  };
}

/** What draws, in the words of its maker. */
export function cardName(renderer: WebGLRenderer): string {
  const context = renderer.getContext();
  const more = context.getExtension('WEBGL_debug_renderer_info');
  return String(context.getParameter(more ? more.UNMASKED_RENDERER_WEBGL : context.RENDERER));
}

export function kindOf(agent: string, mobile: boolean): Device['kind'] {
  if (/OculusBrowser|Quest|Pico|VisionOS/i.test(agent)) return 'headset';
  return mobile || /Android|iPhone|iPad|Mobile/i.test(agent) ? 'phone' : 'desktop';
}

/** Whether fingers are what one points with here. */
export function isTouch(): boolean {
  return matchMedia('(pointer: coarse)').matches;
}
