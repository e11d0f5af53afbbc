/** What a simulation was and what came of it: plain data, for the terminal, the report and the tests. */
import type { Problem } from '../contract/errors.ts';

/** What can be done to a simulated world. */
export const faultKinds = [
  'partition',
  'crash',
  'power-cut',
  'disk-full',
  'slow-disk',
  'clock-jump',
  'corruption',
  'clone',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** One fault; times are ms of virtual time since the start. */
export interface SimFault {
  readonly kind: FaultKind;
  readonly atMs: number;
  /** When it was over; `null` when it stayed to the end. */
  readonly untilMs: number | null;
  /** The simulated process or link that it hit, such as `edge-1` or `edge-1 ↔ cloud`. */
  readonly target: string;
  /** One sentence for people. */
  readonly text: string;
}

/** One state change of one actor. */
export interface SimTransition {
  readonly atMs: number;
  /** The simulated process: the pipeline's name, with the edge's number where there are several. */
  readonly process: string;
  readonly actor: string;
  readonly from: string;
  readonly to: string;
  readonly event: string;
  readonly cause?: Problem;
}

/** What waited in one edge's store at one moment. */
export interface SimBacklog {
  readonly atMs: number;
  readonly process: string;
  readonly readings: number;
  readonly bytes: number;
}

/** Where the readings of one edge are in the end; `accepted` = `stored` + `held` + `gaps` + `goneWithDisk`. */
export interface SimBalance {
  readonly process: string;
  readonly accepted: number;
  /** In the cloud, once each. */
  readonly stored: number;
  /** Still on the edge. */
  readonly held: number;
  /** Accepted and then covered by a gap, by its reason. */
  readonly gaps: Readonly<Record<string, number>>;
  /** Never accepted, and told by a gap. */
  readonly missed: number;
  /** Only on a disk that a fault took away before they were sent: nobody can have them any more. */
  readonly goneWithDisk?: number;
}

/** An invariant that did not hold. */
export interface SimViolation {
  readonly atMs: number;
  /** Its name in docs/simulation.md, such as `order`. */
  readonly invariant: string;
  readonly process: string;
  readonly text: string;
}

/** The shortest way to a violation that could be found: faults were left out and time was cut as long as it stayed. */
export interface SimTrail {
  readonly violation: SimViolation;
  readonly faults: readonly SimFault[];
  /** The last state changes before it, oldest first. */
  readonly transitions: readonly SimTransition[];
  /** Repeats just this, such as `fogrun sim edge.yaml cloud.yaml --seed 7 --only 3`. */
  readonly command: string;
}

export interface SimRun {
  readonly version: string;
  readonly seed: number;
  /** Pipeline files as they were given. */
  readonly files: readonly string[];
  readonly edges: number;
  /** Virtual time simulated, in ms. */
  readonly virtualMs: number;
  /** When the faults stopped, ms of virtual time; the rest is for getting well again. */
  readonly faultsUntilMs: number;
  readonly faults: readonly SimFault[];
  readonly transitions: readonly SimTransition[];
  /** At even distances, at most a few hundred a process. */
  readonly backlog: readonly SimBacklog[];
  readonly balances: readonly SimBalance[];
  readonly violations: readonly SimViolation[];
  /** Repeats the whole run. */
  readonly command: string;
  /** `null` without a violation, and where nobody looked for one. */
  readonly trail: SimTrail | null;
}
