/** The process that actors are placed in, seen from inside: it runs them as their pipeline's process tells it. */
import type { Clock } from '../contract/clock.ts';
import { createClockTrust } from '../contract/clock-trust.ts';
import { FogrunError } from '../contract/errors.ts';
import type { ActorKind } from '../contract/kind.ts';
import type { Memory } from '../contract/memory.ts';
import type { ActorPlan } from '../contract/plan.ts';
import type { Batch, InPort, OutPort } from '../contract/port.ts';
import type { Reporter } from '../contract/report.ts';
import type { CloudStore, ConsumerStore, EdgeStore, StoreState } from '../contract/store.ts';
import { Inspection } from '../inspect/inspection.ts';
import type { Redactor } from '../inspect/redact.ts';
import type { Request } from './condition.ts';
import { buildStatechart } from './effects.ts';
import type { Bindings } from './pipeline.ts';
import {
  type FromPlaced,
  type Hears,
  type PlacedCondition,
  type ToPlaced,
  type WireLink,
  WireReceiver,
  WireSender,
} from './placed-wire.ts';
import { StoreQuestions } from './remote-cloud.ts';
import { InputTaker } from './remote-input.ts';
import { createRemoteOut, type RemoteOut } from './remote-port.ts';
import { secretsOfActor } from './secrets.ts';
import { type Supervised, supervise } from './supervisor.ts';

export interface PlacedChildOptions {
  /** Name of this process. */
  readonly process: string;
  readonly link: WireLink;
  readonly kinds: ReadonlyMap<string, ActorKind>;
  /** Loads the effects of those kinds. */
  readonly bindings: (kinds: readonly ActorKind[]) => Promise<Pick<Bindings, 'effects'>>;
  readonly clock: Clock;
  /** Hides the secrets of its actors. */
  readonly redactor?: Redactor;
  /** The pipeline's process wants this one to end. */
  readonly end: () => void;
  /** Something went wrong that no restart of an actor mends: this process should end and tell why. */
  readonly broken: (thrown: unknown) => void;
}

const requests: readonly Request[] = ['PAUSE', 'RESUME', 'RETRY'];
/** What a placed source may keep that the store has not accepted; the port in the pipeline's process has more. */
const credit = { itemsMax: 1_024, bytesMax: 8 * 2 ** 20 };

/** @returns takes what the link brings */
export function runPlaced(options: PlacedChildOptions): Hears {
  const child = new PlacedChild(options);
  const receiver = new WireReceiver<ToPlaced>((message, body) => child.take(message, body));
  return {
    message: (message) => receiver.take(message),
    bytes: (chunk) => receiver.takeBytes(chunk),
  };
}

/** Frames gather for so long before they go; they gather once more where they arrive. */
const gatherMs = 20;

interface Resident {
  readonly supervised: Supervised;
  readonly out: RemoteOut<object>;
  readonly input: InputTaker;
  readonly cloud: StoreQuestions;
  position: string | undefined;
  /** Its condition as it was told last, when asked. */
  told: string;
}

class PlacedChild {
  readonly #options: PlacedChildOptions;
  readonly #sender: WireSender<FromPlaced>;
  readonly #residents = new Map<string, Resident>();
  #effects: Bindings['effects'] | undefined;
  readonly #loaded = new Set<string>();
  /** What came while a kind is loaded that the process did not begin with: in its turn after that. */
  #held: [ToPlaced, Uint8Array][] | null = null;
  #storeState: StoreState = 'open';
  readonly #inspection: Inspection;
  /** While somebody inspects. */
  #inspected: ReturnType<Inspection['watch']> | undefined;
  /** Frames were sent, and not taken yet. */
  #isBehind = false;

  constructor(options: PlacedChildOptions) {
    this.#options = options;
    const { clock, redactor } = options;
    this.#inspection = new Inspection(clock, { gatherMs, ...(redactor ? { redactor } : {}) });
    this.#sender = new WireSender(options.link);
  }

  take(message: ToPlaced, body: Uint8Array): void {
    if (this.#held && message.type !== 'ping' && message.type !== 'end') {
      this.#held.push([message, body]);
      return;
    }
    switch (message.type) {
      case 'load':
        this.#load(message.kinds)
          .then(() => this.#sender.send({ type: 'ready' }))
          .catch(this.#options.broken);
        return;
      case 'start':
        if (this.#loaded.has(message.kind)) this.#start(message);
        else this.#startLoaded(message).catch(this.#options.broken);
        return;
      case 'forget':
        void this.#residents.get(message.actor)?.supervised.stop(0);
        this.#residents.delete(message.actor);
        return;
      case 'event':
        this.#residents.get(message.actor)?.supervised.send(message.event);
        return;
      case 'restart':
        this.#restart(message.actor, message.deadlineMs);
        return;
      case 'stop':
        void this.#residents.get(message.actor)?.supervised.stop(message.deadlineMs);
        return;
      case 'accepted': {
        const resident = this.#residents.get(message.actor);
        if (!resident) return;
        // Before anybody hears of it: who waited for this may ask for the position at once.
        if (message.position !== undefined) resident.position = message.position;
        resident.out.accepted(message.number);
        return;
      }
      case 'given':
      case 'stored':
      case 'left':
        this.#residents.get(message.actor)?.input.hear(message, body);
        return;
      case 'answer':
        this.#residents.get(message.actor)?.cloud.hear(message, body);
        return;
      case 'store':
        this.#storeState = message.state;
        return;
      case 'ping':
        this.#sender.send({ type: 'pong' });
        // A cause or an attempt may change without a change of state.
        for (const [actor, resident] of this.#residents) this.#tell(actor, resident);
        return;
      case 'inspect':
        this.#inspect(message.on);
        return;
      case 'taken':
        this.#isBehind = false;
        return;
      case 'end':
        // Its last words.
        this.#inspected?.close(null);
        this.#options.end();
        return;
    }
  }

  #inspect(on: boolean): void {
    this.#inspected?.end();
    this.#inspected = undefined;
    this.#isBehind = false;
    if (!on) return;
    this.#inspected = this.#inspection.watch({
      frames: (frames) => {
        this.#isBehind = true;
        this.#sender.send({ type: 'frames', frames });
      },
      isBehind: () => this.#isBehind,
      over: () => {},
    });
  }

  async #load(names: readonly string[]): Promise<void> {
    for (const name of names) this.#loaded.add(name);
    const { effects } = await this.#options.bindings([...this.#loaded].map((name) => this.#kind(name)));
    this.#effects = effects;
  }

  async #startLoaded(message: ToPlaced & { type: 'start' }): Promise<void> {
    this.#held = [[message, new Uint8Array()]];
    await this.#load([message.kind]);
    const held = this.#held;
    this.#held = null;
    for (const [one, body] of held) this.take(one, body);
  }

  #kind(name: string): ActorKind {
    const kind = this.#options.kinds.get(name);
    if (!kind) throw new FogrunError('effect-missing', `a placed process does not know the kind ${name}`);
    return kind;
  }

  #start(message: ToPlaced & { type: 'start' }): void {
    const { actor, name, config, role, store } = message;
    const { clock, process } = this.#options;
    const kind = this.#kind(message.kind);
    this.#storeState = store;
    const sender = this.#sender;
    const input = new InputTaker(actor, (asked) => sender.send(asked));
    const cloud = new StoreQuestions(actor, (asked) => sender.send(asked));
    const memory: Memory = { words: message.memory };
    let remembered = memory.words;
    const out = createRemoteOut<object & Partial<Pick<Batch, 'lines'>>>({
      credit,
      bytesOf: ({ lines }) => lines?.length ?? 1,
      emit(number, { lines, ...item }, flush) {
        const news =
          memory.words === undefined || memory.words === remembered ? {} : { memory: memory.words };
        remembered = memory.words;
        sender.send({ type: 'item', actor, number, item, ...news, ...(flush ? { flush } : {}) }, lines);
      },
      flush: () => sender.send({ type: 'flush', actor }),
    });
    const plan: ActorPlan = { name, kind, config, to: null, process };
    const report: Reporter = (said, level) => {
      const atMs = clock.now();
      const isMove = said.type === 'transition';
      const known = isMove && this.#residents.has(actor) ? this.#now(actor) : undefined;
      // A supervisor speaks before it is in the state that it tells of, and its first words come before it can be asked.
      queueMicrotask(() => {
        if (!this.#residents.has(actor)) return;
        const now = !isMove ? {} : { now: known?.condition.state === said.to ? known : this.#now(actor) };
        sender.send({ type: 'report', actor, report: said, atMs, ...(level ? { level } : {}), ...now });
      });
    };
    const build = (life: AbortSignal) => {
      const effects = this.#effects!({
        plan,
        input: (message.accepts ? input : null) as InPort<never> | null,
        output: (message.emits ? out.out : null) as OutPort<never> | null,
        store: {
          edge: role === 'edge' ? this.#storeOf(actor, name) : null,
          cloud: role === 'cloud' ? (cloud as ConsumerStore as CloudStore) : null,
        },
        cursor: '',
        report,
        memory,
        trust: createClockTrust(clock),
        target: actor,
        audit: () => {},
        startChild: () => {
          throw new FogrunError('effect-missing', `the kind ${kind.name} cannot be placed: it has children`);
        },
      });
      return buildStatechart(kind, effects, life);
    };
    this.#inspection.redactor.hide(secretsOfActor(plan));
    const inspected = { inspection: this.#inspection, actor: name, kind: kind.name, parent: null };
    const supervised = supervise({ name, build, input: { config }, clock, report, inspected });
    this.#residents.set(actor, { supervised, out, input, cloud, position: message.position, told: '' });
    supervised.settled.then(() => sender.send({ type: 'settled', actor }));
    this.#follow(actor);
    if (message.paused) supervised.send({ type: 'PAUSE' });
  }

  #follow(actor: string): void {
    const { supervised, out } = this.#residents.get(actor)!;
    supervised.ended.then(async (end) => {
      // What it left waiting for credit still goes; what is on its way is safe with the port.
      await out.handedOver();
      this.#sender.send({ type: 'ended', actor, end });
    });
  }

  #restart(actor: string, deadlineMs: number): void {
    const supervised = this.#residents.get(actor)?.supervised;
    if (!supervised) return;
    const revived = supervised.over;
    if (supervised.restart(deadlineMs) && revived) this.#follow(actor);
  }

  #now(actor: string): PlacedCondition {
    const { supervised } = this.#residents.get(actor)!;
    const condition = supervised.condition();
    return {
      condition,
      can: requests.filter((request) => supervised.can(request)),
      knows: requests.filter((request) => supervised.knows(request)),
      restarts: supervised.restarts,
    };
  }

  #tell(actor: string, resident: Resident): void {
    const now = this.#now(actor);
    const told = JSON.stringify(now);
    if (told === resident.told) return;
    resident.told = told;
    this.#sender.send({ type: 'condition', actor, now });
  }

  /** As much of the pipeline's store as a source asks for. */
  #storeOf(actor: string, name: string): EdgeStore {
    const store: Pick<EdgeStore, 'position' | 'status'> = {
      position: (source) => (source === name ? this.#residents.get(actor)?.position : undefined),
      status: () => ({ state: this.#storeState, bytes: 0, bytesMax: 0, lost: {} }),
    };
    return store as EdgeStore;
  }
}
