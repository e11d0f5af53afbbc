/** What a metric of `/metrics` is, and how it comes out of what the pipelines say of themselves. */
import type { ActorStatus, PipelineStatus } from '../contract/status.ts';
import type { Labels, Sample } from './prometheus.ts';

/** What is known of a pipeline as somebody asks. */
export interface Seen {
  readonly pipeline: string;
  /** Its answer, just now; `null` when it cannot be reached. */
  readonly status: PipelineStatus | null;
  /** Of a cloud: its edges. */
  readonly fleet: { readonly edges: number; readonly connected: number } | null;
}

export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Names of its labels; `pipeline` comes first wherever a pipeline is meant. */
  readonly labels: readonly string[];
  readonly of: (seen: readonly Seen[], version: string) => Sample[];
}

type Told = Seen & { readonly status: PipelineStatus };
export type Values = readonly { readonly labels?: Labels; readonly value: number | null | undefined }[];

/** A sample for each of the values that a pipeline has. */
export const each =
  (values: (told: Told) => Values): Metric['of'] =>
  (seen) =>
    seen.flatMap((one) => {
      if (!one.status) return [];
      return values(one as Told).flatMap(({ labels, value }) =>
        value === null || value === undefined
          ? []
          : [{ labels: { pipeline: one.pipeline, ...labels }, value }],
      );
    });
export const one = (value: (status: PipelineStatus) => number | null | undefined) =>
  each(({ status }) => [{ value: value(status) }]);

/** What belongs to another, such as a session, comes and goes under ever new names: it is counted below, and no series of its own. */
export const isDeclared = ({ name }: ActorStatus) => !name.includes('/');

export const seconds = (ms: number) => ms / 1_000;
/** 0 or above, s: clocks may be set back. */
export const ageSeconds = (sinceMs: number, nowMs: number) => Math.max(0, seconds(nowMs - sinceMs));

export const pipeline = ['pipeline'];
export const counter = (name: string, help: string, labels: readonly string[], of: Metric['of']): Metric => ({
  ...{ name: `fogrun_${name}`, type: 'counter', help, labels, of },
});
export const gauge = (name: string, help: string, labels: readonly string[], of: Metric['of']): Metric => ({
  ...{ name: `fogrun_${name}`, type: 'gauge', help, labels, of },
});
