/** Attachments: the files that go with a wish, on their way to the service and there, and what they are together. */
import type { Api, GenerateRequest, Recipe, World } from '../api/client';
import { upload } from '../api/upload';
import { problemWords } from '../words/problems';
import { clashOf, inputOf, isSphere, lackOf, refusalOf, sortOf, takenBy, tierFor, togetherOf, type Kind, type Sort } from './media';

/** `assetId`: once the service has it, and has looked at it. `preview`: the address of its picture on this page. */
export interface Attachment {
  key: number;
  name: string;
  sort: Sort;
  fraction: number;
  assetId: string | null;
  azimuth: number | null;
  preview: string;
}

export class Attachments {
  list = $state<Attachment[]>([]);
  error = $state('');

  private recipes = $state.raw<readonly Recipe[]>([]);
  private sending = new Map<number, AbortController>();
  private count = 0;

  constructor(private readonly api: Api) {}

  get together(): Kind | null {
    return togetherOf(this.list, this.recipes);
  }

  get isSending(): boolean {
    return this.list.some((one) => one.assetId === null);
  }

  /** Why no world can be made of them yet; empty when one can. */
  get lack(): string {
    return lackOf(this.list, this.recipes);
  }

  /** A tier that takes them; null where none need be named. */
  get tier(): string | null {
    return this.together && tierFor(this.together, this.recipes);
  }

  /** Send files, one after the other; whatever is wrong with one is said before it travels. */
  async add(files: readonly File[], recipes: readonly Recipe[]): Promise<void> {
    this.recipes = recipes;
    this.error = '';
    const taken: [File, Attachment][] = [];
    for (const file of files) {
      const sort = await sortOf(file);
      const refusal =
        refusalOf(file, sort) ??
        (takenBy(recipes).length ? null : 'Worlds of pictures and video are not yet available on this server: describe the place in words.');
      if (refusal || !sort) {
        this.error = refusal ?? '';
        continue;
      }
      const one = await this.drawnUp(file, sort);
      const clash = clashOf([...this.list, one]);
      // Distances may come before their panorama; everything else that does not belong here stays out.
      if (clash && !(sort === 'distances' && this.list.every((other) => other.sort !== 'distances' && other.sort !== 'video'))) {
        this.error = clash;
        if (one.preview) URL.revokeObjectURL(one.preview);
        continue;
      }
      this.list.push(one);
      taken.push([file, this.list.at(-1)!]);
    }
    for (const [file, one] of taken) await this.send(file, one);
  }

  private async drawnUp(file: File, sort: Exclude<Sort, 'sphere'>): Promise<Attachment> {
    const sphere = sort === 'picture' && isSphere(await sizeOf(file));
    this.count += 1;
    const preview = sort === 'picture' ? URL.createObjectURL(file) : '';
    return { key: this.count, name: file.name, sort: sphere ? 'sphere' : sort, fraction: 0, assetId: null, azimuth: null, preview };
  }

  private async send(file: File, one: Attachment): Promise<void> {
    if (!this.list.some((other) => other.key === one.key)) return; // it was left out meanwhile
    const sending = new AbortController();
    this.sending.set(one.key, sending);
    try {
      const kind = one.sort === 'video' ? 'video' : 'image';
      const asset = await upload(this.api, file, kind, { told: (fraction) => (one.fraction = fraction), signal: sending.signal });
      if (one.sort === 'sphere' && !(asset.facts as { closes?: boolean } | null)?.closes) one.sort = 'picture';
      one.fraction = 1;
      one.assetId = asset.id;
    } catch (error) {
      if (sending.signal.aborted) return;
      this.leaveOut(one);
      this.error = problemWords(error);
    } finally {
      this.sending.delete(one.key);
    }
  }

  leaveOut(one: Attachment): void {
    this.sending.get(one.key)?.abort();
    if (one.preview) URL.revokeObjectURL(one.preview);
    this.list = this.list.filter((other) => other.key !== one.key);
    this.error = '';
  }

  clear(): void {
    for (const one of [...this.list]) this.leaveOut(one);
  }

  /** One place further to the front. */
  forward(one: Attachment): void {
    const at = this.list.findIndex((other) => other.key === one.key);
    if (at > 0) this.list = this.list.with(at - 1, this.list[at]!).with(at, this.list[at - 1]!);
  }

  /** What of a request they are. */
  body(): Partial<GenerateRequest> {
    const { together } = this;
    const body: Partial<GenerateRequest> = {};
    for (const one of this.list) {
      if (!together || !one.assetId) continue;
      const input = inputOf(one, together);
      if (input === 'pictures') (body.pictures ??= []).push({ media_asset_id: one.assetId, azimuth_deg: one.azimuth });
      else body[input] = one.assetId;
    }
    return body;
  }

  /** Take up the files of a world's wish, which the service still has. */
  takeUp(world: Pick<World, 'prompt'>, recipes: readonly Recipe[]): void {
    this.clear();
    this.recipes = recipes;
    const { pictures = [], panorama, distance, video } = filesOf(world);
    const add = (sort: Sort, assetId: string, azimuth: number | null = null) => {
      this.count += 1;
      const name = `${sort === 'sphere' ? 'panorama' : sort} of before`;
      this.list.push({ key: this.count, name, sort, fraction: 1, assetId, azimuth, preview: '' });
    };
    for (const one of pictures) add('picture', one.media_asset_id, one.azimuth_deg ?? null);
    if (panorama) add('sphere', panorama);
    if (distance) add('distances', distance);
    if (video) add('video', video);
  }
}

/** The files that a world was made from, as a request names them. */
export function filesOf(world: Pick<World, 'prompt'>): Pick<GenerateRequest, 'pictures' | 'panorama' | 'distance' | 'video' | 'layout'> {
  const prompt = world.prompt as GenerateRequest;
  return {
    ...(Array.isArray(prompt.pictures) && { pictures: prompt.pictures }),
    ...(prompt.panorama && { panorama: prompt.panorama }),
    ...(prompt.distance && { distance: prompt.distance }),
    ...(prompt.video && { video: prompt.video }),
    ...(prompt.layout && { layout: prompt.layout }),
  };
}

async function sizeOf(file: File): Promise<{ width: number; height: number }> {
  try {
    const picture = await createImageBitmap(file);
    const { width, height } = picture;
    picture.close();
    return { width, height };
  } catch {
    return { width: 0, height: 0 }; // the service says what is wrong with it
  }
}
