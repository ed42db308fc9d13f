/** Shortcuts: every key of the viewer, what it does, and the words for it; they work while the picture has the focus. */
import { takePanorama, takePicture } from './pictures';
import type { Panel } from './phases';
import type { Visit } from './visit.svelte';

export interface Shortcut {
  /** By place on the keyboard for letters, as KeyboardEvent.key otherwise. */
  code?: string;
  key?: string;
  shown: string;
  words: string;
  group: 'Moving' | 'Looking' | 'Things' | 'Tools' | 'Films' | 'Page';
  run: (visit: Visit) => void;
  /** With Shift. */
  back?: (visit: Visit) => void;
  /** Not in an embedded viewer, which has no panels. */
  whole?: boolean;
}

const panel = (name: Panel) => (visit: Visit) => {
  visit.panel = visit.panel === name ? null : name;
};

export const SHORTCUTS: readonly Shortcut[] = [
  { code: 'Digit1', shown: '1', words: 'Walk', group: 'Moving', run: (visit) => visit.engine?.setMode('walk') },
  { code: 'Digit2', shown: '2', words: 'Fly', group: 'Moving', run: (visit) => visit.engine?.setMode('fly') },
  {
    code: 'Digit3',
    shown: '3',
    words: 'Orbit round what is in the middle',
    group: 'Moving',
    run: (visit) => visit.engine?.setMode('orbit'),
  },
  { key: '+', shown: '+', words: 'Faster', group: 'Moving', run: (visit) => visit.engine?.setSpeed(1) },
  { key: '-', shown: '−', words: 'Slower', group: 'Moving', run: (visit) => visit.engine?.setSpeed(-1) },
  { code: 'KeyR', shown: 'R', words: 'Back to the start', group: 'Moving', run: (visit) => visit.engine?.reset() },
  {
    code: 'KeyL',
    shown: 'L',
    words: 'Look with the mouse alone (Esc ends it)',
    group: 'Looking',
    run: (visit) => visit.engine?.toggleLock(),
  },
  { key: '[', shown: '[', words: 'Narrower view', group: 'Looking', run: (visit) => widen(visit, -5) },
  { key: ']', shown: ']', words: 'Wider view', group: 'Looking', run: (visit) => widen(visit, 5) },
  {
    code: 'KeyB',
    shown: 'B',
    words: 'What is solid',
    group: 'Looking',
    run: (visit) => void visit.setView(visit.view === 'solid' ? 'picture' : 'solid'),
  },
  {
    code: 'KeyG',
    shown: 'G',
    words: 'Wireframe',
    group: 'Looking',
    run: (visit) => void visit.setView(visit.view === 'wires' ? 'picture' : 'wires'),
  },
  { code: 'KeyX', shown: 'X', words: 'Axes', group: 'Looking', run: (visit) => (visit.axes = !visit.axes) },
  { code: 'KeyI', shown: 'I', words: 'Statistics', group: 'Looking', run: (visit) => visit.setStatistics(!visit.statistics) },
  { key: 'Enter', shown: 'Enter', words: 'Choose what is in the middle', group: 'Things', run: (visit) => visit.choice.clickMiddle() },
  {
    code: 'KeyN',
    shown: 'N',
    words: 'Choose the next thing (Shift: the one before)',
    group: 'Things',
    run: (visit) => next(visit, 1), back: (visit) => next(visit, -1),
  },
  {
    code: 'KeyZ',
    shown: 'Z',
    words: 'Go to the chosen thing',
    group: 'Things',
    run: (visit) => visit.choice.selected && visit.choice.flyTo(visit.choice.selected),
  },
  {
    code: 'KeyH',
    shown: 'H',
    words: 'Hide it, or show it again',
    group: 'Things',
    run: (visit) => visit.choice.selected && visit.choice.toggleHidden(visit.choice.selected),
  },
  {
    code: 'KeyJ',
    shown: 'J',
    words: 'Show it alone',
    group: 'Things',
    run: (visit) => visit.choice.selected && visit.choice.toggleIsolated(visit.choice.selected),
  },
  { code: 'KeyU', shown: 'U', words: 'Show everything', group: 'Things', run: (visit) => visit.choice.showAll() },
  { code: 'KeyT', shown: 'T', words: 'List of things', group: 'Things', run: panel('things'), whole: true },
  { code: 'KeyM', shown: 'M', words: 'Measure: Enter or a click sets a point', group: 'Tools', run: measure },
  { code: 'KeyP', shown: 'P', words: 'Save the picture', group: 'Tools', run: (visit) => void takePicture(visit) },
  { code: 'KeyO', shown: 'O', words: 'Save a 360° picture', group: 'Tools', run: (visit) => void takePanorama(visit) },
  { code: 'KeyV', shown: 'V', words: 'Camera path', group: 'Films', run: panel('film'), whole: true },
  { code: 'KeyK', shown: 'K', words: 'Add a keyframe here', group: 'Films', run: (visit) => visit.film.addKeyframe(), whole: true },
  {
    code: 'KeyC',
    shown: 'C',
    words: 'Preview the path, or stop it',
    group: 'Films',
    run: (visit) => visit.film.togglePreview(), whole: true,
  },
  { code: 'KeyY', shown: 'Y', words: 'Export', group: 'Page', run: panel('export'), whole: true },
  { code: 'KeyF', shown: 'F', words: 'Full screen', group: 'Page', run: (visit) => visit.toggleFullscreen() },
  { key: '?', shown: '?', words: 'This sheet', group: 'Page', run: panel('help') },
  { key: 'Escape', shown: 'Esc', words: 'Close what is open, let go of what is chosen', group: 'Page', run: escape },
];

/** Keys that are held down; input.ts gives them their meaning. */
export const HELD: readonly { shown: string; words: string; group: Shortcut['group'] }[] = [
  { shown: 'W A S D', words: 'Move', group: 'Moving' },
  { shown: '↑ ↓', words: 'Ahead and back', group: 'Moving' },
  { shown: '← →', words: 'Turn', group: 'Moving' },
  { shown: 'Page ↑ ↓', words: 'Look up and down', group: 'Moving' },
  { shown: 'E Q', words: 'Up and down, while flying', group: 'Moving' },
  { shown: 'Space', words: 'Jump; rise, while flying', group: 'Moving' },
  { shown: 'Shift', words: 'Hurry', group: 'Moving' },
];

/** The shortcut of a key press, if it is one. */
export function shortcutOf(event: Pick<KeyboardEvent, 'code' | 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): Shortcut | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const key = event.key === '=' ? '+' : event.key; // the same key without Shift
  return SHORTCUTS.find((one) => (one.code ? one.code === event.code : one.key === key)) ?? null;
}

function widen(visit: Visit, degrees: number): void {
  visit.engine?.setWide(Math.min(Math.max(visit.wideDeg + degrees, 30), 110));
}

function measure(visit: Visit): void {
  visit.choice.tool = visit.choice.tool === 'measure' ? 'look' : 'measure';
}

function next(visit: Visit, step: number): void {
  const shown = visit.things;
  if (!shown.length) return;
  const now = shown.findIndex((thing) => thing.id === visit.choice.selected?.id);
  visit.choice.select(shown[(now + step + shown.length) % shown.length]!);
}

function escape(visit: Visit): void {
  if (visit.playing) visit.engine?.stopPlaying();
  else if (visit.panel) visit.panel = null;
  else if (visit.choice.tool === 'measure') visit.choice.tool = 'look';
  else visit.choice.select(null);
}
