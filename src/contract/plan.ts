/** A checked pipeline: what src/pipeline makes of a YAML file and src/runtime runs. */
import type { ConsoleConfig } from './console-config.ts';
import type { ActorKind } from './kind.ts';
import type { PortType } from './port.ts';
import type { StatesTold } from './state-records.ts';
import type { WhenFull } from './store.ts';

export interface StorePlan {
  readonly role: 'edge' | 'cloud';
  /** Directory, absolute. */
  readonly path: string;
  /** Quota in bytes. */
  readonly bytesMax: number;
  readonly whenFull: WhenFull;
}

export interface ActorPlan {
  readonly name: string;
  readonly kind: ActorKind;
  /** The kind's config after its schema: durations in ms, sizes in bytes, defaults filled in. */
  readonly config: unknown;
  /** The actor its output goes to. */
  readonly to: string | null;
  /** The child process it is placed in, shared by all actors that name it; `null` for the pipeline's own. */
  readonly process: string | null;
}

/** One channel between two actors. */
export interface WirePlan {
  readonly from: string;
  readonly to: string;
  readonly type: PortType;
}

export interface Plan {
  readonly file: string;
  readonly name: string;
  /** Edge id from the file; empty: made once and kept in the store. */
  readonly edge: string;
  readonly store: StorePlan | null;
  /** What an edge tells its cloud of its own transitions; absent: nothing. */
  readonly states?: StatesTold;
  /** Sources first: along the wires, so that stopping in this order drains. */
  readonly actors: readonly ActorPlan[];
  readonly wires: readonly WirePlan[];
  /** Absent: its file asks for none. */
  readonly console?: ConsoleConfig;
}

/** One mistake in a pipeline file. */
export interface PipelineProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Such as `actors.uploader.retry.every`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}
