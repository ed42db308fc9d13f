/** Loom: the worlds that are being made, each with its latest progress; survives reloads, lost lines and hidden tabs. */
import type { Api, Operation, OperationEvent, World } from '../api/client';
import { Problem } from '../api/client';

/** Lines to the service that stay open at once: browsers have six for all tabs together. */
const LISTENING = 2;
const LOOK_MS = 5_000;
const OPEN_STATES = ['RUNNING', 'QUEUED', 'CANCELLING'] as const;

/** A world on the loom. `world` comes a little after its operation. */
export interface Making {
  operation: Operation | OperationEvent;
  world: World | null;
  previewUrl: string | null;
}

export interface LoomCalls {
  /** A world has come off the loom: finished, failed or stopped. Null: it was deleted meanwhile. */
  ended: (operation: Operation | OperationEvent, world: World | null) => void;
}

export class Loom {
  /** The ones that run first come first. */
  makings = $state.raw<Making[]>([]);
  private listening = new Map<string, AbortController>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private active = false;
  private ended = new Set<string>();

  constructor(
    private readonly api: Api,
    private readonly calls: LoomCalls,
  ) {}

  /** Begin to follow what is open; also after the tab was hidden, or the service away. */
  async resume(): Promise<void> {
    this.active = true;
    await this.look();
    this.listen();
  }

  /** Close all lines: nobody looks. */
  rest(): void {
    this.active = false;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    for (const controller of this.listening.values()) controller.abort();
    this.listening.clear();
  }

  /** An operation that has just been begun here. */
  add(operation: Operation): void {
    this.hear(operation);
    this.listen();
  }

  making(worldId: string): Making | undefined {
    return this.makings.find((making) => making.operation.world_id === worldId);
  }

  async cancel(operationId: string): Promise<void> {
    this.hear(await this.api.cancel(operationId));
  }

  /** A world was deleted here: its operation ends without a word. */
  forget(worldId: string): void {
    const making = this.making(worldId);
    if (!making) return;
    this.ended.add(making.operation.id);
    this.remove(making.operation.id);
  }

  /** All open operations at once: finds those begun elsewhere, and those that ended while nobody listened. */
  private async look(): Promise<void> {
    try {
      const pages = await Promise.all(OPEN_STATES.map((state) => this.api.operations({ kind: 'generate', state, page_size: 20 })));
      const open = pages.flatMap((page) => page.operations.toReversed());
      const ids = new Set(open.map((operation) => operation.id));
      const unheard = this.makings.filter(({ operation }) => !ids.has(operation.id) && !this.listening.has(operation.id));
      for (const operation of open) this.hear(operation);
      const ended = await Promise.allSettled(unheard.map(({ operation }) => this.api.operation(operation.id)));
      ended.forEach((result, at) => {
        if (result.status === 'fulfilled') this.hear(result.value);
        else if (result.reason instanceof Problem && result.reason.status === 404) this.lost(unheard[at]!);
      });
    } catch {
      // the page says already that the service is away; it resumes when it is back
    }
    this.lookLater();
  }

  private lookLater(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (this.active && this.makings.length > this.listening.size)
      this.timer = setTimeout(() => void this.look().then(() => this.listen()), LOOK_MS);
  }

  private listen(): void {
    if (!this.active) return;
    for (const { operation } of this.makings.slice(0, LISTENING)) {
      if (this.listening.size < LISTENING && !this.listening.has(operation.id)) void this.follow(operation.id);
    }
    this.lookLater();
  }

  private async follow(operationId: string): Promise<void> {
    const controller = new AbortController();
    this.listening.set(operationId, controller);
    try {
      for await (const event of this.api.events(operationId, controller.signal)) this.hear(event);
    } catch (error) {
      const making = this.makings.find(({ operation }) => operation.id === operationId);
      if (making && error instanceof Problem && error.status === 404) this.lost(making);
    }
    if (this.listening.get(operationId) === controller) this.listening.delete(operationId);
    if (this.active) this.listen();
  }

  private hear(operation: Operation | OperationEvent): void {
    if (this.ended.has(operation.id) || operation.kind !== 'generate') return;
    if (operation.done) {
      this.ended.add(operation.id);
      void this.end(operation);
      return;
    }
    const at = this.makings.findIndex((making) => making.operation.id === operation.id);
    const before = this.makings[at];
    if (before && before.operation.updated_at > operation.updated_at) return; // told again from the beginning
    const previewUrl = operation.preview_url ?? before?.previewUrl ?? null;
    const making = { operation, world: before?.world ?? null, previewUrl };
    this.makings = before ? this.makings.with(at, making) : [...this.makings, making];
    if (!before) void this.name(operation);
  }

  private async name(operation: Operation | OperationEvent): Promise<void> {
    if (!operation.world_id) return;
    const world = await this.api.world(operation.world_id).catch(() => null);
    const at = this.makings.findIndex((making) => making.operation.id === operation.id);
    const making = this.makings[at];
    if (making && world) this.makings = this.makings.with(at, { ...making, world });
  }

  /** The world stays on the loom until the shelf can take it, so that it never is in neither place. */
  private async end(operation: Operation | OperationEvent): Promise<void> {
    const world = operation.world_id ? await this.api.world(operation.world_id).catch(() => null) : null;
    this.remove(operation.id);
    this.calls.ended(operation, world);
    this.listen();
  }

  private lost(making: Making): void {
    this.ended.add(making.operation.id);
    this.remove(making.operation.id);
    this.calls.ended(making.operation, null);
  }

  private remove(operationId: string): void {
    this.listening.get(operationId)?.abort();
    this.listening.delete(operationId);
    this.makings = this.makings.filter(({ operation }) => operation.id !== operationId);
  }
}
