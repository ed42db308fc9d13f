/** Server-sent events out of a stream of bytes, however it is cut. EventSource cannot send a key, so we read them ourselves. */

/** One event. `id` is the last id that was told so far: where to go on after the line was lost. */
export interface ServerEvent {
  event: string;
  data: string;
  id: string;
}

/** Collects characters into events, by the rules of the HTML standard, section 9.2.6. */
export class EventParser {
  retryMs: number | null = null;
  private rest = '';
  private data: string[] = [];
  private event = '';
  private id: string;

  constructor(lastEventId = '') {
    this.id = lastEventId;
  }

  /** The events that are whole once `text` has come. */
  push(text: string): ServerEvent[] {
    const whole = this.rest + text;
    // a CR at the very end may be half of a CRLF: it waits for what follows
    const end = whole.endsWith('\r') ? whole.length - 1 : whole.length;
    const lines = whole.slice(0, end).split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? '') + whole.slice(end);
    return lines.flatMap((line) => this.line(line) ?? []);
  }

  private line(line: string): ServerEvent | null {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return null; // a comment, which keeps the line open
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.event = value;
    else if (field === 'id' && !value.includes('\0')) this.id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
    return null;
  }

  private dispatch(): ServerEvent | null {
    const told = this.data.length ? { event: this.event || 'message', data: this.data.join('\n'), id: this.id } : null;
    this.data = [];
    this.event = '';
    return told;
  }
}

/** The events of a body, until it ends. */
export async function* eventsOf(body: ReadableStream<Uint8Array>, parser: EventParser): AsyncGenerator<ServerEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(value);
    }
  } finally {
    await reader.cancel().catch(() => undefined); // the listener left: let the server know
  }
}
