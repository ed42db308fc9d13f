/** A job: a file that the service makes of a world (an export, a film), from the wish to the download. */
import { type Api, type Operation } from '../api/client';
import { failureWords, problemWords } from '../words/problems';
import { phaseWords } from '../words/progress';

export type JobState =
  | { name: 'none' }
  | { name: 'running'; words: string; fraction: number; operationId: string }
  | { name: 'done'; url: string; file: string; bytes: number | null }
  | { name: 'failed'; words: string };

export class Job {
  state = $state.raw<JobState>({ name: 'none' });
  private stops = new AbortController();

  constructor(private readonly api: Api) {}

  /** Asks for the file and follows its making. `gone` is told when the world is not there any more. */
  async run(ask: () => Promise<Operation>): Promise<void> {
    this.stops.abort();
    const { signal } = (this.stops = new AbortController());
    this.state = { name: 'running', words: 'Asking', fraction: 0, operationId: '' };
    try {
      const asked = await ask();
      const operation = asked.done ? asked : await this.followed(asked, signal);
      if (signal.aborted) return;
      this.state = operation.state === 'SUCCEEDED' ? await done(operation) : ended(operation);
    } catch (error) {
      if (!signal.aborted) this.state = { name: 'failed', words: problemWords(error) };
    }
  }

  private async followed(asked: Operation, signal: AbortSignal): Promise<Operation> {
    for await (const event of this.api.events(asked.id, signal)) {
      if (event.done || signal.aborted) break;
      this.state = { name: 'running', words: phaseWords(event), fraction: event.progress.fraction, operationId: asked.id };
    }
    return this.api.operation(asked.id, signal);
  }

  async cancel(): Promise<void> {
    if (this.state.name !== 'running') return;
    const { operationId } = this.state;
    this.stops.abort();
    this.state = { name: 'none' };
    if (operationId) await this.api.cancel(operationId).catch(() => undefined); // it has ended by itself
  }

  forget(): void {
    if (this.state.name !== 'running') this.state = { name: 'none' };
  }

  /** The panel is closed: the service goes on, nobody listens. */
  leave(): void {
    this.stops.abort();
  }
}

async function done(operation: Operation): Promise<JobState> {
  const url = operation.links.file;
  if (!url) return { name: 'failed', words: 'The file was made, but its link is missing. Try again.' };
  const answer = await fetch(url, { method: 'HEAD', credentials: 'omit' }).catch(() => null);
  const length = Number(answer?.headers.get('Content-Length') ?? 0);
  return { name: 'done', url, file: String(operation.result?.file ?? 'world'), bytes: length > 0 ? length : null };
}

function ended(operation: Operation): JobState {
  return operation.state === 'CANCELLED' ? { name: 'none' } : { name: 'failed', words: failureWords(operation.error) };
}
