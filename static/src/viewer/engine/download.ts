/** Downloads: files of a world with progress, whole or not at all, tried again when the line breaks. */

/** The file came, but is not what it should be. */
export class DamagedFile extends Error {
  constructor(readonly what: string) {
    super(what);
    this.name = 'DamagedFile';
  }
}

/** The file is not there any more, or its link has run out. */
export class LostFile extends Error {
  constructor(readonly status: number) {
    super(`the file answers with status ${status}`);
    this.name = 'LostFile';
  }
}

/** The line broke, each time it was tried. */
export class BrokenLine extends Error {
  constructor(cause: unknown) {
    super('the line broke', { cause });
    this.name = 'BrokenLine';
  }
}

export interface Wanted {
  url: string;
  /** How long it must be; null where nobody knows. */
  bytes: number | null;
}

const TRIES = 3;
const PAUSE_MS = 600;

/** All bytes of a file. `told` hears how many have come. Throws DamagedFile, LostFile, BrokenLine, or the signal's reason. */
export async function download(wanted: Wanted, signal: AbortSignal, told: (bytes: number) => void = () => undefined): Promise<ArrayBuffer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(wanted, signal, told, attempt > 1);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof LostFile && error.status < 500) throw error;
      if (attempt === TRIES) throw error instanceof TypeError ? new BrokenLine(error) : error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt));
      told(0);
    }
  }
}

async function once(wanted: Wanted, signal: AbortSignal, told: (bytes: number) => void, afresh: boolean): Promise<ArrayBuffer> {
  // A damaged copy must not come out of the browser's cache again and again.
  const answer = await fetch(wanted.url, { signal, credentials: 'omit', cache: afresh ? 'reload' : 'default' });
  if (!answer.ok || !answer.body) throw new LostFile(answer.status);
  const parts: Uint8Array[] = [];
  let got = 0;
  const reader = answer.body.getReader();
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    parts.push(step.value);
    got += step.value.byteLength;
    told(got);
  }
  if (wanted.bytes !== null && got !== wanted.bytes) throw new DamagedFile(`${got} of ${wanted.bytes} bytes came`);
  const whole = new Uint8Array(got);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole.buffer;
}

/** The contents of a gzip file. */
export async function unzipped(bytes: ArrayBuffer): Promise<ArrayBuffer> {
  try {
    return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
  } catch {
    throw new DamagedFile('it cannot be unpacked');
  }
}
