/** Pictures: what is seen, or everything round it, saved as a PNG. */
import type { Visit } from './visit.svelte';
import { fileStem } from './words';

export async function takePicture(visit: Visit): Promise<void> {
  await taken(visit, 'picture', (engine) => engine.picture());
}

export async function takePanorama(visit: Visit): Promise<void> {
  visit.say('Taking a 360° picture…');
  await taken(visit, '360', (engine) => engine.panorama(() => undefined));
}

async function taken(visit: Visit, what: string, take: (engine: NonNullable<Visit['engine']>) => Promise<Blob>): Promise<void> {
  if (!visit.engine || !visit.seen) return;
  try {
    const blob = await take(visit.engine);
    const name = `${fileStem(visit.world?.name || 'world')}-${what}.png`;
    save(blob, name);
    visit.say(`Saved as ${name}`);
  } catch {
    visit.say('The picture could not be taken. Try again.');
  }
}

/** Hands a file to the browser's downloads. */
export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  follow(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function follow(url: string, name: string): void {
  const link = document.createElement('a');
  Object.assign(link, { href: url, download: name });
  link.click();
}
