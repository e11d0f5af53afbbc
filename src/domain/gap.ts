/** Gaps: what stands in place of readings that will never come. */

/**
 * - `missed`: never measured (sensor away, store full)
 * - `dropped`: given up by a policy before it was sent
 * - `discarded`: given up by a person before it had arrived
 * - `refused`: the cloud refused it for good
 * - `corrupt`: could not be read back
 * - `epoch`: acknowledged in an earlier epoch of this edge
 */
export type GapReason = 'missed' | 'dropped' | 'discarded' | 'refused' | 'corrupt' | 'epoch';

/** The body of a gap segment: one JSON object and a newline. */
export interface Gap {
  readonly gap: GapReason;
  /** First and last `seq` covered; absent where the readings never had one. */
  readonly fromSeq?: number;
  readonly toSeq?: number;
  /** First and last moment covered, ISO 8601, where known. */
  readonly fromTime?: string;
  readonly toTime?: string;
  /** How many readings are missing; 0 when nobody knows. */
  readonly count: number;
  /** One sentence for a person. */
  readonly text: string;
}

/** Readings that became gaps, by reason; those that were acknowledged in an earlier epoch are not lost. */
export type LostCounts = Readonly<Partial<Record<GapReason, number>>>;

export function addLost(a: LostCounts, b: LostCounts): LostCounts {
  const sum: Partial<Record<GapReason, number>> = { ...a };
  for (const [reason, readings] of Object.entries(b) as [GapReason, number][]) {
    sum[reason] = (sum[reason] ?? 0) + readings;
  }
  return sum;
}

/** Two gaps of one reason as one: counts added, from the earlier moment to the later one. */
export function mergeGaps<G extends Gap>(a: G | undefined, b: G): G {
  if (!a) return b;
  const from = [a.fromTime, b.fromTime].filter((time) => time !== undefined).sort()[0];
  const to = [a.toTime, b.toTime]
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
  const times = {
    ...(from === undefined ? {} : { fromTime: from }),
    ...(to === undefined ? {} : { toTime: to }),
  };
  return { ...a, ...times, count: a.count + b.count };
}

export function encodeGap(gap: Gap): Uint8Array {
  return Buffer.from(`${JSON.stringify(gap)}\n`, 'utf8');
}
