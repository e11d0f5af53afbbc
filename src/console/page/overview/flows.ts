/** What flows along each arrow, and whether the link between two pipelines is up. Pure. */
import type { ActorStatus, PipelineStatus, WireStatus } from '../../../contract/status.ts';
import type { PipelineWorld } from '../model/world.ts';
import { count, inTime, rate, size } from '../shared/figures.ts';
import { type Tone, toneOf } from '../shared/tones.ts';

export const wireKey = ({ from, to }: Pick<WireStatus, 'from' | 'to'>): string => `${from}\n${to}`;

export interface Flow {
  /** Readings a second where these are counted, else items. */
  readonly perSecond: number | null;
  readonly counts: 'readings' | 'items';
  readonly waiting: number;
  readonly blocked: boolean;
  /** How full its port is, 0 to 1. */
  readonly fill: number;
}

/** A wire between two statuses of some seconds distance; without an earlier one, or over a restart, there is no rate. */
export function flowOf(
  wire: WireStatus,
  status: PipelineStatus,
  earlier: { readonly nowMs: number; readonly wires: readonly WireStatus[] } | null,
): Flow {
  const before = earlier?.wires.find((one) => wireKey(one) === wireKey(wire));
  const seconds = earlier ? (status.nowMs - earlier.nowMs) / 1_000 : 0;
  const counts = wire.readingsTotal === null ? 'items' : 'readings';
  const total = wire.readingsTotal ?? wire.itemsTotal;
  const totalBefore = before && (before.readingsTotal ?? before.itemsTotal);
  const isKnown = seconds > 0.9 && totalBefore !== undefined && totalBefore <= total;
  return {
    perSecond: isKnown ? (total - totalBefore) / seconds : null,
    counts,
    waiting: wire.items,
    blocked: wire.blocked,
    fill: wire.bytesMax > 0 ? Math.min(1, wire.bytes / wire.bytesMax) : 0,
  };
}

/** Two short lines: what flows, and what waits. */
export function flowLines(wire: WireStatus, flow: Flow): [string, string] {
  const what = flow.counts === 'readings' ? '' : ` ${wire.type === 'acknowledgements' ? 'acks' : wire.type}`;
  const first = flow.perSecond === null ? '' : `${rate(flow.perSecond).replace('/s', `${what}/s`)}`;
  if (flow.blocked) return [first, `blocked, ${size(wire.bytes)}`];
  return [first, flow.waiting > 0 ? `${count(flow.waiting)} in port` : ''];
}

export interface LinkState {
  readonly tone: Tone;
  readonly text: string;
}

/** The link, as its uploader sees it. */
export function linkState(
  edge: PipelineWorld,
  uploader: ActorStatus | null,
  isStale: boolean,
  nowMs: number,
): LinkState {
  if (isStale || !uploader || !edge.status) return { tone: 'stale', text: 'not known' };
  const tone = toneOf(uploader);
  const state = uploader.state.split('.').at(-1)!;
  if (uploader.retryAtMs !== null) {
    return { tone: 'trouble', text: `down, tries again ${inTime(uploader.retryAtMs - nowMs)}` };
  }
  if (tone === 'trouble' || tone === 'failed' || tone === 'paused' || tone === 'ended') {
    return { tone, text: state };
  }
  if (uploader.attempt > 0) return { tone: 'trouble', text: `down, ${state}` };
  if (state === 'connecting' || state === 'greeting') return { tone: 'held', text: state };
  return { tone: 'well', text: uploader.readingsPerSecond > 0 ? 'up, sending' : 'up' };
}
