/** A cloud that is not there, with a fleet. */
import type { PipelineControl } from '../../src/contract/control.ts';
import type { InspectFrame } from '../../src/contract/inspect.ts';
import type { PipelineStatus } from '../../src/contract/status.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { ChangedEdges } from '../../src/runtime/fleet-changes.ts';
import { type MadeUp, madeUpPipeline } from './made-up.ts';
import { edgeName, madeUpEdges, madeUpHistory, madeUpWeather } from './made-up-fleet.ts';

export interface MadeUpCloudOptions {
  readonly edges: number;
  /** Edges that weather is known of. */
  readonly weatherEdges?: number;
}

/** Runs on the real clock until `stop`. */
export function madeUpCloud({ edges, weatherEdges = 3 }: MadeUpCloudOptions): MadeUp {
  const made = madeUpPipeline({ pipeline: 'cloud', transitionsPerSecond: 0 });
  const { control } = made;
  const asCloud = (status: PipelineStatus): PipelineStatus => ({ ...status, edge: null, store: null });
  const fromEdge = (frame: InspectFrame): InspectFrame =>
    frame.type === 'sample' ? { ...frame, edge: edgeName(0) } : frame;
  const measuring = Array.from({ length: Math.min(edges, weatherEdges) }, (_, i) => edgeName(i));
  // As of its start, but for who is heard.
  const known = madeUpEdges(edges, Date.now());
  const changed = new ChangedEdges(systemClock);
  const fleet = async () =>
    known.map((edge, i) =>
      edge.session === null ? edge : { ...edge, lastWordMs: Date.now() - (i % 9) * 1_000 },
    );
  const cloud: PipelineControl = {
    ...control,
    status: async () => asCloud(await control.status()),
    watch: (watcher, options) =>
      control.watch({ ...watcher, status: (status) => watcher.status(asCloud(status)) }, options),
    inspect: (watcher) =>
      control.inspect({ ...watcher, frames: (frames) => watcher.frames(frames.map(fromEdge)) }),
    fleet: {
      edges: fleet,
      changes: async (since) => changed.since(await fleet(), since),
      history: async (edge, options) => madeUpHistory(edge, options?.before, Date.now()),
    },
    weather: async (sinceMs) => madeUpWeather(measuring, sinceMs, Date.now()),
  };
  return { ...made, control: cloud };
}
