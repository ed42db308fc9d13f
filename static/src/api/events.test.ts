/** Tests of the parser of server-sent events, against every way of cutting a stream. */
import { describe, expect, it } from 'vitest';

import { EventParser, eventsOf, type ServerEvent } from './events';

const TOLD = 'retry: 500\n\nid: 1\nevent: progress\ndata: {"a":1}\n\n: still here\n\nid: 2\nevent: done\ndata: first\ndata: second\n\n';
const MEANT: ServerEvent[] = [
  { event: 'progress', data: '{"a":1}', id: '1' },
  { event: 'done', data: 'first\nsecond', id: '2' },
];

describe('EventParser', () => {
  it('gives the same events however the text is cut', () => {
    for (let first = 0; first <= TOLD.length; first += 1) {
      for (const second of [first, Math.min(first + 1, TOLD.length), Math.min(first + 7, TOLD.length)]) {
        const parser = new EventParser();
        const parts = [TOLD.slice(0, first), TOLD.slice(first, second), TOLD.slice(second)];
        expect(parts.flatMap((part) => parser.push(part))).toEqual(MEANT);
        expect(parser.retryMs).toBe(500);
      }
    }
  });

  it.each(['\n', '\r\n', '\r'])('takes lines that end with %j', (end) => {
    const parser = new EventParser();
    const text = TOLD.replaceAll('\n', end) + (end === '\r' ? ':' : ''); // a last CR waits for what follows
    expect([...text].flatMap((letter) => parser.push(letter))).toEqual(MEANT);
  });

  it('keeps the last id for events without one, and starts from the id it is given', () => {
    const parser = new EventParser('7');
    expect(parser.push('data: x\n\nid: 8\ndata: y\n\ndata: z\n\n').map((event) => event.id)).toEqual(['7', '8', '8']);
  });

  it('leaves out what has no data, and takes only one blank after the colon', () => {
    const parser = new EventParser();
    expect(parser.push('event: progress\n\ndata:  x\n\ndata\n\n')).toEqual([
      { event: 'message', data: ' x', id: '' },
      { event: 'message', data: '', id: '' },
    ]);
  });
});

describe('eventsOf', () => {
  it('puts letters together that were cut within', async () => {
    const bytes = new TextEncoder().encode('data: “Würfel” 🎲\n\n');
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    const told: ServerEvent[] = [];
    for await (const event of eventsOf(stream, new EventParser())) told.push(event);
    expect(told.map((event) => event.data)).toEqual(['“Würfel” 🎲']);
  });

  it('closes the line when the listener leaves', async () => {
    let closed = false;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
      cancel: () => void (closed = true),
    });
    for await (const event of eventsOf(stream, new EventParser())) {
      expect(event.data).toBe('1');
      break;
    }
    expect(closed).toBe(true);
  });
});
