/** Placing: where a list or a small sheet opens, beside the button that opened it. */

const EDGE_PX = 8;
const GAP_PX = 4;

/** Below the button where there is room, else above; never beyond the edge of the window. */
export function placeBeside(button: HTMLElement, sheet: HTMLElement): void {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = sheet;
  const fitsBelow = at.bottom + GAP_PX + height <= innerHeight - EDGE_PX || at.top < height + GAP_PX + EDGE_PX;
  const top = fitsBelow ? at.bottom + GAP_PX : at.top - height - GAP_PX;
  sheet.style.left = `${Math.max(EDGE_PX, Math.min(at.left, innerWidth - width - EDGE_PX))}px`;
  sheet.style.top = `${Math.max(EDGE_PX, Math.min(top, innerHeight - height - EDGE_PX))}px`;
}
