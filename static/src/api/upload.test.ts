/** Tests of uploads: the order of the steps, and that the length goes ahead. */
import { describe, expect, it } from 'vitest';

import type { Api } from './client';
import { upload, type Put } from './upload';

function standing() {
  const steps: unknown[] = [];
  const api = {
    prepareMedia: async (body: unknown) => {
      steps.push(['prepare', body]);
      return { id: 'med_1', upload: { url: '/v1/uploads/med_1/t', method: 'PUT', headers: { 'Content-Type': 'image/png' }, lasts_s: 60 } };
    },
    completeMedia: async (id: string) => {
      steps.push(['complete', id]);
      return { id };
    },
  } as unknown as Api;
  const put: Put = async (url, headers, file, told) => {
    steps.push(['put', url, headers, file.size]);
    told(0.5);
    told(1);
  };
  return { api, put, steps };
}

describe('upload', () => {
  it('announces, sends, has it inspected', async () => {
    const { api, put, steps } = standing();
    const told: number[] = [];
    const asset = await upload(api, new File(['12345'], 'a\u0007 beach.png'), 'image', { put, told: (fraction) => told.push(fraction) });
    expect(asset.id).toBe('med_1');
    expect(steps).toEqual([
      ['prepare', { file_name: 'a beach.png', kind: 'image', bytes: 5 }],
      ['put', '/v1/uploads/med_1/t', { 'Content-Type': 'image/png' }, 5],
      ['complete', 'med_1'],
    ]);
    expect(told).toEqual([0.5, 1]);
  });

  it('sends nothing that was refused or stopped', async () => {
    const { api, put, steps } = standing();
    const stopped = AbortSignal.abort();
    await expect(upload(api, new File(['1'], 'a.png'), 'image', { put, signal: stopped })).rejects.toThrow();
    expect(steps.map((step) => (step as string[])[0])).toEqual(['prepare']);
  });
});
