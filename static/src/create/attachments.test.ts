/** Tests of attachments: several files at once, in order, each sent once, and nothing that does not belong to the others. */
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Api, Recipe } from '../api/client';
import { Problem } from '../api/client';
import { Attachments } from './attachments.svelte';

const KINDS = ['photograph', 'pictures', 'video', 'panorama', 'measured panorama'];
const ALL = [
  { tier: 'all', kinds: Object.fromEntries(KINDS.map((kind) => [kind, ['look']])), lacks: {}, default_for: KINDS } as unknown as Recipe,
];
const JPEG = [0xff, 0xd8, 0xff, 0xe0];
const EXR = [0x76, 0x2f, 0x31, 0x01];
const WEBM = [0x1a, 0x45, 0xdf, 0xa3];
const file = (name: string, head: number[]) => new File([new Uint8Array(head)], name);

vi.mock('../api/upload', () => ({
  upload: async (_: Api, sent: File) => {
    if (sent.name.startsWith('torn')) throw new Problem(422, 'media_rejected', '', 'this upload was rejected');
    return { id: `med_${sent.name}`, facts: { closes: sent.name.startsWith('whole') } };
  },
}));

beforeEach(() => {
  const wide = (name: string) => /whole|half/.test(name);
  vi.stubGlobal('createImageBitmap', async (one: File) => ({ width: wide(one.name) ? 64 : 48, height: 32, close: () => undefined }));
});

describe('attachments', () => {
  it('are sent in the order in which they came, and can be moved', async () => {
    const files = new Attachments({} as Api);
    await files.add([file('a.jpg', JPEG), file('b.jpg', JPEG)], ALL);
    await files.add([file('c.jpg', JPEG)], ALL);
    files.forward(files.list[2]!);
    files.list[0]!.azimuth = 90;
    expect(files.together).toBe('pictures');
    expect(files.body()).toEqual({
      pictures: [
        { media_asset_id: 'med_a.jpg', azimuth_deg: 90 },
        { media_asset_id: 'med_c.jpg', azimuth_deg: null },
        { media_asset_id: 'med_b.jpg', azimuth_deg: null },
      ],
    });
    files.leaveOut(files.list[0]!);
    expect(files.list.map((one) => one.name)).toEqual(['c.jpg', 'b.jpg']);
  });

  it('know a panorama by its shape, and by its edges once the service has looked', async () => {
    const files = new Attachments({} as Api);
    await files.add([file('whole.jpg', JPEG)], ALL);
    expect(files.body()).toEqual({ panorama: 'med_whole.jpg' });
    files.clear();
    await files.add([file('half.jpg', JPEG)], ALL);
    expect(files.body()).toEqual({ pictures: [{ media_asset_id: 'med_half.jpg', azimuth_deg: null }] });
  });

  it('take distances before or after their panorama, and only with one', async () => {
    const files = new Attachments({} as Api);
    await files.add([file('far.exr', EXR)], ALL);
    expect(files.lack).toMatch(/add that/);
    await files.add([file('whole.jpg', JPEG)], ALL);
    expect([files.lack, files.body()]).toEqual(['', { panorama: 'med_whole.jpg', distance: 'med_far.exr' }]);
    await files.add([file('more.exr', EXR)], ALL);
    expect(files.error).toMatch(/one file of distances/);
    expect(files.list).toHaveLength(2);
  });

  it('leave out what is no picture, what does not belong here, and what the service refuses', async () => {
    const files = new Attachments({} as Api);
    await files.add([file('notes.txt', [1, 2, 3])], ALL);
    expect(files.error).toMatch(/“notes.txt” is no picture/);
    await files.add([file('sea.jpg', JPEG)], []);
    expect(files.error).toMatch(/not yet available/);
    await files.add([file('torn.jpg', JPEG)], ALL);
    expect(files.error).toMatch(/rejected/);
    expect(files.list).toEqual([]);
    await files.add([file('walk.webm', WEBM)], ALL);
    await files.add([file('sea.jpg', JPEG)], ALL);
    expect(files.error).toMatch(/A video goes alone/);
    expect(files.body()).toEqual({ video: 'med_walk.webm' });
  });
});
