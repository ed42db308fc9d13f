/** Upload: a file on its way to the service, in three steps, with its progress. */
import type { Api } from './client';
import { problemOf, Unreachable } from './problem';
import type { MediaAsset } from './types';

/** Sends the bytes; XMLHttpRequest, since fetch does not say how far it is. */
export type Put = (
  url: string,
  headers: Record<string, string>,
  file: Blob,
  told: (fraction: number) => void,
  signal?: AbortSignal,
) => Promise<void>;

/**
 * Announce, send, have inspected. The length goes ahead, so that what is too long is refused before it travels.
 * Throws Problem with the service's own sentence, Unreachable, or an AbortError.
 */
export async function upload(
  api: Api,
  file: File,
  kind: 'image' | 'video',
  { told = () => undefined, signal, put = putByRequest }: { told?: (fraction: number) => void; signal?: AbortSignal; put?: Put } = {},
): Promise<MediaAsset> {
  const name = file.name.replace(/[\p{Cc}\p{Cs}]/gu, '').slice(-200) || 'file';
  const asset = await api.prepareMedia({ file_name: name, kind, bytes: file.size });
  signal?.throwIfAborted();
  await put(asset.upload.url, asset.upload.headers, file, told, signal);
  return api.completeMedia(asset.id);
}

export const putByRequest: Put = (url, headers, file, told, signal) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && told(event.loaded / event.total);
    request.onerror = () => reject(new Unreachable());
    request.onabort = () => reject(signal?.reason ?? new DOMException('stopped', 'AbortError'));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else problemOf(new Response(request.responseText, { status: request.status })).then(reject, reject);
    };
    signal?.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
